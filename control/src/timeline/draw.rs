//! Lays a [`Story`] out as HTML: the masthead, and for each call its board of lanes and its turns.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::envelope;
use super::floor::DipEnd;
use super::html::Html;
use super::story::{Said, Span, Story, Turn, Understood, Utterance};
use super::{Check, Entry};
use crate::caller::CallRecord;
use crate::caller::waterfall::StageKind;

/// A label stands on the ruler every so many seconds.
const RULER_S: usize = 5;

/// The page's title, and one card per call where there are several.
pub(super) fn masthead(
    html: &mut Html,
    title: &str,
    subtitle: &str,
    entries: &[Entry<'_>],
    stories: &[Story],
) {
    html.raw("<header class=\"mast\"><div class=\"mast-words\">");
    html.element("h1", "", title);
    html.element("p", "sub", subtitle);
    html.raw(
        "</div><div class=\"zoom\" role=\"group\" aria-label=\"Zoom\">\
         <button data-zoom=\"out\" title=\"Zoom out\">−</button>\
         <button data-zoom=\"fit\" title=\"Fit the longest call\">fit</button>\
         <button data-zoom=\"in\" title=\"Zoom in\">+</button></div>",
    );
    if entries.len() > 1 {
        html.raw("<nav class=\"cards\">");
        for (number, (entry, story)) in entries.iter().zip(stories).enumerate() {
            card(html, number, entry, story);
        }
        html.raw("</nav>");
    }
    legend(html);
    html.raw("</header>\n");
}

fn card(html: &mut Html, number: usize, entry: &Entry<'_>, story: &Story) {
    html.raw("<a class=\"card\" href=\"#call-");
    html.show(number + 1);
    html.raw("\"><span class=\"card-top\">");
    html.element("span", "number", &(number + 1).to_string());
    if let Some(checks) = entry.checks {
        let passed = checks.iter().filter(|c| c.passed()).count();
        let verdict = format!("{passed}/{} checks", checks.len());
        let class = if passed == checks.len() { "ok" } else { "bad" };
        html.element("span", class, &verdict);
    }
    html.raw("</span>");
    html.element("b", "", &entry.record.title);
    html.element("span", "fine", &short_figures(entry.record, story));
    html.raw("</a>");
}

fn short_figures(record: &CallRecord, story: &Story) -> String {
    let mut parts = vec![format!("{:.0} s", story.length_s)];
    if let Some(median) = median_ms(record.turns.iter().map(|t| t.latency)) {
        parts.push(format!("answers {median:.0} ms"));
    }
    if let Some(clear) = record.overlaps.iter().find_map(|o| o.to_clear) {
        parts.push(format!("stopped in {:.0} ms", ms(clear)));
    }
    parts.join(" · ")
}

fn legend(html: &mut Html) {
    html.raw("<p class=\"legend\"><span class=\"key caller\">caller</span>");
    html.raw("<span class=\"key agent\">agent, as heard at the caller's ear</span>");
    html.raw("<span class=\"key cut\">caller interrupts</span><span class=\"stages\">");
    for kind in StageKind::ALL {
        html.raw("<span class=\"key ");
        html.raw(stage_class(kind));
        html.raw("\" title=\"");
        html.text(kind.meaning());
        html.raw("\">");
        html.text(kind.name());
        html.raw("</span>");
    }
    html.raw("</span></p>");
}

/// One call: its head, its board, its turns.
pub(super) fn call(html: &mut Html, number: usize, entry: &Entry<'_>, story: &Story) {
    html.raw("<section class=\"call\" id=\"call-");
    html.show(number + 1);
    html.raw("\" style=\"--len:");
    html.show(format_args!("{:.3}", story.length_s));
    html.raw("\">\n");
    head(html, number, entry.record, story);
    if let Some(checks) = entry.checks {
        verdicts(html, checks);
    }
    board(html, entry.record, story);
    turns(html, &story.turns);
    if !story.troubles.is_empty() {
        html.raw("<ul class=\"troubles\">");
        for trouble in &story.troubles {
            html.element(
                "li",
                "",
                &format!("{:.1} s: {}", trouble.at_s, trouble.what),
            );
        }
        html.raw("</ul>");
    }
    if !entry.record.caller.is_empty() {
        recording(html, entry.record);
    }
    html.raw("</section>\n");
}

fn head(html: &mut Html, number: usize, record: &CallRecord, story: &Story) {
    html.raw("<div class=\"head\">");
    if !record.caller.is_empty() {
        html.raw("<button class=\"play\" aria-label=\"Play the call\">▶</button>");
    }
    html.raw("<div>");
    html.raw("<h2>");
    html.element("span", "number", &(number + 1).to_string());
    html.text(&record.title);
    html.raw("</h2>");
    html.raw("<p class=\"fine\">");
    html.show(format_args!(
        "{} → {} · {:.1} s · ",
        record.from, record.to, story.length_s
    ));
    if let Some(outcome) = &story.outcome {
        html.show(format_args!("outcome {outcome} · "));
    }
    html.show(&record.ending);
    if let Some(speech) = record.speech() {
        html.show(format_args!(" · words {speech}"));
    }
    html.raw("</p></div><dl class=\"figures\">");
    let answers = || record.turns.iter().map(|t| t.latency);
    figure(html, "answer, median", median_ms(answers()));
    let worst = answers().max().map(ms);
    figure(html, "answer, slowest", worst);
    html.raw("</dl>");
    if let Some(cut) = record.overlaps.first() {
        // A click on these goes where it happened.
        html.raw("<dl class=\"figures\" data-at=\"");
        html.show(format_args!("{:.3}", cut.onset.as_secs_f64()));
        html.raw("\">");
        let clears = record.overlaps.iter().filter_map(|o| o.to_clear);
        figure(html, "interruption → clear", median_ms(clears));
        let silences = record.overlaps.iter().filter_map(|o| o.to_silence);
        figure(html, "interruption → silence", median_ms(silences));
        html.raw("</dl>");
    }
    html.raw("</div>\n");
}

fn figure(html: &mut Html, name: &str, ms: Option<f64>) {
    if let Some(ms) = ms {
        html.raw("<div><dt>");
        html.text(name);
        html.raw("</dt><dd>");
        html.show(format_args!("{ms:.0}"));
        html.raw("<small> ms</small></dd></div>");
    }
}

fn verdicts(html: &mut Html, checks: &[Check]) {
    html.raw("<ul class=\"checks\">");
    for check in checks {
        if check.passed() {
            html.element("li", "ok", &format!("{}: {}", check.what, check.found));
        } else {
            let text = format!(
                "{}: expected {}, found {}",
                check.what, check.expected, check.found
            );
            html.element("li", "bad", &text);
        }
    }
    html.raw("</ul>\n");
}

/// The lanes, all on one time axis.
fn board(html: &mut Html, record: &CallRecord, story: &Story) {
    html.raw("<div class=\"board\"><div class=\"names\">");
    for (lane, name) in [
        ("ruler", ""),
        ("wave", "caller"),
        ("words", "said, heard as"),
        ("wave", "agent"),
        ("words", "said"),
        ("thin", "marks"),
        ("bar", "state"),
        ("bar", "tools"),
        ("bar", "turns"),
    ] {
        html.raw("<div class=\"lane ");
        html.raw(lane);
        html.raw("\">");
        html.text(name);
        html.raw("</div>");
    }
    html.raw("</div><div class=\"scroll\" tabindex=\"0\"><div class=\"canvas\">\n");
    ruler(html, story.length_s);
    wave(html, "caller", &record.caller, &story.caller_voice);
    caller_words(html, story);
    wave(html, "agent", &record.agent, &story.agent_voice);
    agent_words(html, story);
    marks(html, story);
    states(html, story);
    tools(html, story);
    turn_lane(html, story);
    cuts(html, story);
    dips(html, story);
    html.raw("<div class=\"cursor\"></div></div></div></div>\n");
}

fn ruler(html: &mut Html, length_s: f64) {
    html.raw("<div class=\"lane ruler\">");
    for second in (0..=length_s as usize).step_by(RULER_S) {
        html.open_at("tick", second as f64, 0.0, "");
        html.show(format_args!("{}:{:02}", second / 60, second % 60));
        html.close();
    }
    html.close();
}

fn wave(html: &mut Html, who: &str, mulaw: &[u8], voice: &[Span]) {
    html.raw("<div class=\"lane wave ");
    html.raw(who);
    html.raw("\">");
    for span in voice {
        html.open_at("voice", span.from_s, span.to_s - span.from_s, "");
        html.close();
    }
    if mulaw.is_empty() {
        return html.raw("</div>\n");
    }
    let (path, width) = envelope::path(mulaw);
    let half = envelope::HALF;
    html.raw("<svg preserveAspectRatio=\"none\" aria-hidden=\"true\" viewBox=\"0 ");
    html.show(format_args!("{} {width} {}", -half, 2 * half));
    html.raw("\"><path d=\"");
    html.raw(&path);
    html.raw("\"/></svg></div>\n");
}

fn caller_words(html: &mut Html, story: &Story) {
    html.raw("<div class=\"lane words caller\">");
    for (n, said) in story.said.iter().enumerate() {
        let next = story.said.get(n + 1).map_or(story.length_s, |s| s.at_s);
        html.open_at("say", said.at_s, next - said.at_s, &said.words);
        html.element("span", "", &said.words);
        understood(html, said);
        html.close();
    }
    html.close();
}

fn understood(html: &mut Html, said: &Said) {
    match &said.understood {
        Understood::Unknown => {}
        Understood::Unclear => html.element("i", "bad", "not understood"),
        Understood::Typed(_) => html.element("i", "fine", "typed, not recognised"),
        Understood::Recognised(words) if *words == said.words => {
            html.element("i", "ok", "every word");
        }
        Understood::Recognised(words) => html.element("i", "fine", &format!("“{words}”")),
    }
}

fn agent_words(html: &mut Html, story: &Story) {
    html.raw("<div class=\"lane words agent\">");
    let mut utterances: Vec<&Utterance> = story.utterances.iter().collect();
    utterances.sort_by(|a, b| a.span.from_s.total_cmp(&b.span.from_s));
    for (n, utterance) in utterances.iter().enumerate() {
        let from = utterance.span.from_s;
        let next = utterances
            .get(n + 1)
            .map_or(story.length_s, |u| u.span.from_s);
        let tip = format!(
            "{}{} (asks: {})",
            utterance.heard, utterance.unheard, utterance.question
        );
        html.open_at("say", from, next - from, &tip);
        html.element("span", "", &utterance.heard);
        html.element("del", "", &utterance.unheard);
        html.close();
    }
    html.close();
}

fn marks(html: &mut Html, story: &Story) {
    html.raw("<div class=\"lane thin\">");
    for mark in &story.marks {
        let (class, fate) = if mark.cleared {
            ("mark cleared", "cleared, not heard")
        } else {
            ("mark", "heard")
        };
        html.open_at(class, mark.at_s, 0.0, &format!("{}: {fate}", mark.name));
        html.close();
    }
    html.close();
}

fn states(html: &mut Html, story: &Story) {
    html.raw("<div class=\"lane bar\">");
    for state in &story.states {
        let Span { from_s, to_s } = state.span;
        let tip = format!("{}, waiting for {}", state.state, state.expects);
        html.open_at("state", from_s, to_s - from_s, &tip);
        html.element("span", "", &state.state.replace('_', " "));
        html.element("span", "fine", &state.expects.replace('_', " "));
        html.close();
    }
    html.close();
}

fn tools(html: &mut Html, story: &Story) {
    html.raw("<div class=\"lane bar\">");
    for (n, tool) in story.tools.iter().enumerate() {
        let Span { from_s, to_s } = tool.span;
        let took = tool.took_ms.map_or_else(
            || "never ended".to_owned(),
            |ms| {
                if ms < 10.0 {
                    format!("{ms:.1} ms")
                } else {
                    format!("{ms:.0} ms")
                }
            },
        );
        let tip = format!(
            "{}: {took}{}",
            tool.name,
            if tool.ok { "" } else { ", refused" }
        );
        let class = if tool.ok { "tool" } else { "tool refused" };
        html.open_at(class, from_s, to_s - from_s, &tip);
        html.close();
        let next = story
            .tools
            .get(n + 1)
            .map_or(story.length_s, |t| t.span.from_s);
        html.open_at("label", to_s, next - to_s, &tip);
        html.text(&format!("{} {took}", tool.name));
        html.close();
    }
    html.close();
}

fn turn_lane(html: &mut Html, story: &Story) {
    html.raw("<div class=\"lane bar\">");
    for turn in &story.turns {
        for stage in &turn.stages {
            let from = turn.speech_end_s + stage.from_ms / 1_000.0;
            let tip = format!("{} {:.0} ms", stage.kind.name(), stage.length_ms());
            let class = format!("stage {}", stage_class(stage.kind));
            html.open_at(&class, from, stage.length_ms() / 1_000.0, &tip);
            html.close();
        }
        if let Some(last) = turn.stages.last() {
            html.open_at("label", turn.speech_end_s + last.to_ms / 1_000.0, 0.0, "");
            html.show(format_args!("{:.0} ms", last.to_ms));
            html.close();
        }
    }
    html.close();
}

fn cuts(html: &mut Html, story: &Story) {
    for cut in &story.cuts {
        let onset = cut.onset.as_secs_f64();
        let reaction = cut.to_clear.map_or(0.0, |t| t.as_secs_f64());
        let label = match (cut.to_clear, cut.to_silence) {
            (Some(clear), _) => format!("clear {:.0} ms", ms(clear)),
            (None, Some(_)) => "ended by itself".to_owned(),
            (None, None) => "talked on".to_owned(),
        };
        html.open_at("cut", onset, reaction, "the caller's voice over the agent");
        html.element("b", "", &label);
        html.close();
    }
}

/// Where the agent fell silent for a sound, and what came of it.
fn dips(html: &mut Html, story: &Story) {
    for dip in &story.dips {
        let Span { from_s, to_s } = dip.span;
        let class = match dip.end {
            DipEnd::Resume => "dip",
            DipEnd::Commit | DipEnd::Open => "dip taken",
        };
        let tip = format!(
            "{}: silent for {:.0} ms",
            dip.end.name(),
            (to_s - from_s) * 1_000.0
        );
        html.open_at(class, from_s, to_s - from_s, &tip);
        html.element("b", "", dip.end.name());
        html.close();
    }
}

/// Every turn as one bar on a common scale.
fn turns(html: &mut Html, turns: &[Turn]) {
    let longest = turns
        .iter()
        .filter_map(|t| t.stages.last())
        .fold(0.0_f64, |most, stage| most.max(stage.to_ms));
    if longest <= 0.0 {
        return;
    }
    // A round scale, so that the bars of two calls can be compared by eye.
    let scale = (longest / 500.0).ceil() * 500.0;
    html.raw("<div class=\"waterfall\">");
    for (number, turn) in turns.iter().enumerate() {
        html.raw("<div class=\"row\" data-at=\"");
        html.show(format_args!("{:.3}", turn.speech_end_s));
        html.raw("\">");
        html.element("span", "fine", &format!("{}", number + 1));
        html.element("span", "quote", &turn.words);
        html.raw("<span class=\"track\">");
        for stage in &turn.stages {
            html.raw("<span class=\"");
            html.raw(stage_class(stage.kind));
            html.raw("\" style=\"width:");
            html.show(format_args!("{:.3}%", stage.length_ms() / scale * 100.0));
            html.raw("\" title=\"");
            html.show(format_args!(
                "{}: {:.0} ms, {}",
                stage.kind.name(),
                stage.length_ms(),
                stage.kind.meaning()
            ));
            html.raw("\">");
            // A number needs room: about a twentieth of the bar.
            if stage.length_ms() >= scale / 18.0 {
                html.show(format_args!("{:.0}", stage.length_ms()));
            }
            html.raw("</span>");
        }
        html.raw("</span>");
        let total = turn.stages.last().map_or(0.0, |s| s.to_ms);
        let ear = turn
            .ear_ms
            .map_or_else(String::new, |ms| format!("{ms:.0} at the ear"));
        html.element("span", "total", &format!("{total:.0} ms"));
        html.element("span", "fine", &ear);
        html.raw("</div>\n");
    }
    html.raw("</div>\n");
}

/// The audio, for the player: both sides in mu-law, one byte each in turn.
fn recording(html: &mut Html, record: &CallRecord) {
    let silence = crate::caller::playout::MULAW_SILENCE;
    let both: Vec<u8> = (0..record.caller.len().max(record.agent.len()))
        .flat_map(|n| [&record.caller, &record.agent].map(|s| s.get(n).copied().unwrap_or(silence)))
        .collect();
    html.raw("<template class=\"audio\">");
    html.raw(&BASE64.encode(both));
    html.raw("</template>\n");
}

fn stage_class(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Pause => "s-pause",
        StageKind::Words => "s-words",
        StageKind::Model => "s-model",
        StageKind::Thought => "s-thought",
        StageKind::Voice => "s-voice",
        StageKind::Frame => "s-frame",
        StageKind::Line => "s-line",
    }
}

/// The median in milliseconds, the lower one of two.
fn median_ms(values: impl Iterator<Item = Duration>) -> Option<f64> {
    let mut values: Vec<Duration> = values.collect();
    values.sort_unstable();
    let middle = values.get(values.len().saturating_sub(1) / 2)?;
    Some(ms(*middle))
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}
