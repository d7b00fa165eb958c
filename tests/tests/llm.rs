//! The language model's client against a simulated vendor: real HTTP, faults on demand.

use std::sync::Arc;
use std::time::{Duration, Instant};

use control::llm::fallback::Deadlines;
use control::llm::openai::ProbeError;
use control::llm::{
    Answer, Answering, Failure, Message, Model as _, OpenAi, OpenAiConfig, Prices, Request, Strain,
    ToolRequest, ToolSpec, Usage,
};
use control::observe::Metrics;
use pipeline::vendor::{Vendor, VendorErrorKind};
use tests::port::free_port;
use tests::vendors::openai::{Fault, OpenAiServer, Piece, Reply};

const PRIMARY: &str = "gpt-large";
const FALLBACK: &str = "gpt-small";

/// Long enough for a busy machine: but for [`between_tokens`](Deadlines::between_tokens) no test
/// waits for them.
const DEADLINES: Deadlines = Deadlines {
    connect: Duration::from_secs(5),
    hedge_after: Duration::from_secs(5),
    first_token: Duration::from_secs(6),
    silence: Duration::from_secs(8),
    between_tokens: Duration::from_secs(1),
    whole_answer: Duration::from_secs(20),
};

/// Where a silent model is overtaken.
const HEDGING: Deadlines = Deadlines {
    hedge_after: Duration::from_millis(300),
    ..DEADLINES
};

/// Where all fail.
const IMPATIENT: Deadlines = Deadlines {
    first_token: Duration::from_secs(2),
    silence: Duration::from_secs(3),
    ..HEDGING
};

/// How long anything may take that is not what a test measures.
const PATIENCE: Duration = Duration::from_secs(10);

struct Scene {
    vendor: OpenAiServer,
    model: OpenAi,
    metrics: Arc<Metrics>,
    data_plane: Arc<pipeline::metrics::Metrics>,
}

impl Scene {
    /// A client that knows one model.
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with_fallback() -> Self {
        Self::with(|config| config.fallback_model = Some(FALLBACK.to_owned())).await
    }

    /// A client that does not wait long for its first model.
    async fn hedging() -> Self {
        Self::with(|config| {
            config.fallback_model = Some(FALLBACK.to_owned());
            config.deadlines = HEDGING;
        })
        .await
    }

    async fn with(adjust: impl FnOnce(&mut OpenAiConfig)) -> Self {
        let vendor = OpenAiServer::start().await;
        let mut config = OpenAiConfig::new(&vendor.base_url(), "sk-test".into(), PRIMARY);
        config.deadlines = DEADLINES;
        config.temperature = Some(0.5);
        adjust(&mut config);
        let data_plane = Arc::<pipeline::metrics::Metrics>::default();
        let metrics = Arc::new(Metrics::new(Arc::clone(&data_plane)));
        let model = OpenAi::new(config, Arc::clone(&metrics), Arc::clone(&data_plane));
        Self {
            vendor,
            model: model.expect("a sound configuration"),
            metrics,
            data_plane,
        }
    }

    fn ask(&self) -> Answering {
        self.model.ask(Request {
            messages: vec![
                Message::System("You answer a dealership's telephone.".to_owned()),
                Message::User("Good morning".to_owned()),
            ],
            tools: Arc::from([]),
        })
    }

    async fn hear(&self) -> Heard {
        hear(self.ask()).await
    }

    fn errors(&self, kind: VendorErrorKind) -> u64 {
        self.data_plane.vendor_errors.count_of(Vendor::OpenAi, kind)
    }

    fn asked_models(&self) -> Vec<String> {
        let asked = self.vendor.asked().into_iter();
        asked.map(|asked| asked.model).collect()
    }

    fn assert_page_has(&self, line: &str) {
        let page = self.metrics.encode();
        let has = page.lines().any(|found| found == line);
        let llm: Vec<_> = page.lines().filter(|line| line.contains("_llm_")).collect();
        assert!(has, "no {line:?} among {llm:#?}");
    }
}

/// What came of an answer.
#[derive(Debug)]
struct Heard {
    text: String,
    last: Answer,
    took: Duration,
}

impl Heard {
    fn failure(&self) -> &Failure {
        match &self.last {
            Answer::Failed(failure) => failure,
            other => panic!("no failure but {other:?}"),
        }
    }

    fn assert_whole(&self, text: &str) {
        let finished = matches!(self.last, Answer::Finished { cut: false, .. });
        assert!(finished && self.text == text, "{self:?}");
    }
}

async fn hear(answering: Answering) -> Heard {
    tokio::time::timeout(PATIENCE, hear_all(answering))
        .await
        .expect("an end")
}

async fn hear_all(mut answering: Answering) -> Heard {
    let began = Instant::now();
    let mut text = String::new();
    loop {
        match answering.next().await.expect("a last piece") {
            Answer::Text(more) => text.push_str(&more),
            last => {
                assert_eq!(answering.next().await, None, "the last is the last");
                let took = began.elapsed();
                return Heard { text, last, took };
            }
        }
    }
}

#[tokio::test]
async fn an_answer_is_heard_and_its_tokens_are_counted_and_paid() {
    let scene = Scene::with(|config| {
        config.prices = Some(Prices {
            prompt: 2.0,
            cached: 1.0,
            completion: 10.0,
        });
    })
    .await;
    let heard = scene.hear().await;
    heard.assert_whole("Good morning.");
    let usage = Usage {
        prompt: 100,
        cached: 60,
        completion: 2,
    };
    assert!(matches!(heard.last, Answer::Finished { usage: Some(u), .. } if u == usage));
    let asked = &scene.vendor.asked()[0];
    assert_eq!(asked.bearer, "Bearer sk-test");
    assert_eq!(asked.body["stream_options"]["include_usage"], true);
    assert_eq!(asked.body["messages"][1]["content"], "Good morning");
    scene.assert_page_has("otto_llm_tokens_total{kind=\"prompt\"} 100");
    scene.assert_page_has("otto_llm_tokens_total{kind=\"cached\"} 60");
    scene.assert_page_has("otto_llm_tokens_total{kind=\"completion\"} 2");
    scene.assert_page_has("otto_llm_first_token_seconds_count 1");
    scene.assert_page_has("otto_llm_cost_dollars_total 0.00016");
    scene.assert_page_has("otto_llm_requests_total{role=\"primary\",outcome=\"finished\"} 1");
}

#[tokio::test]
async fn the_first_word_is_heard_before_the_last_is_said() {
    let scene = Scene::new().await;
    scene.vendor.reply(Reply::saying(&["One", " two"]));
    scene.vendor.inject(Fault::StallAfter(1));
    let mut answering = scene.ask();
    assert_eq!(answering.next().await, Some(Answer::Text("One".to_owned())));
    assert_eq!(scene.vendor.seen().finished, 0);
    scene.vendor.heal();
    hear(answering).await.assert_whole(" two");
}

#[tokio::test]
async fn a_tool_is_asked_for_when_the_answer_is_whole() {
    let scene = Scene::new().await;
    scene
        .vendor
        .reply(Reply::asking_for("call_1", "decode_vin", "{\"vin\":\"1\"}"));
    let answering = scene.model.ask(Request {
        messages: vec![Message::User("My VIN is 1".to_owned())],
        tools: Arc::from([ToolSpec {
            name: "decode_vin",
            description: "Reads a VIN".to_owned(),
            parameters: serde_json::json!({"type": "object"}),
        }]),
    });
    let heard = hear(answering).await;
    let Answer::Finished {
        tool_calls,
        cut: false,
        ..
    } = heard.last
    else {
        panic!("{heard:?}");
    };
    let call = ToolRequest {
        id: "call_1".to_owned(),
        name: "decode_vin".to_owned(),
        arguments: "{\"vin\":\"1\"}".to_owned(),
    };
    assert_eq!(tool_calls, [call]);
    let tool = scene.vendor.asked()[0].body["tools"][0].clone();
    assert_eq!(tool["function"]["strict"], true);
}

#[tokio::test]
async fn words_survive_reads_that_cut_their_characters() {
    let words = ["Gr\u{fc}\u{df}", " \u{1f697}\u{2028}", " caf\u{e9}"];
    for size in [1, 2, 3, 7] {
        let scene = Scene::new().await;
        scene.vendor.reply(Reply::saying(&words).cut_to(size));
        scene.hear().await.assert_whole(&words.concat());
    }
}

#[tokio::test]
async fn a_cut_answer_is_called_cut() {
    let scene = Scene::new().await;
    let said = Piece::Text("One mom".to_owned());
    scene
        .vendor
        .reply(Reply::of(vec![said, Piece::Finish("length")]));
    let heard = scene.hear().await;
    assert!(
        matches!(heard.last, Answer::Finished { cut: true, .. }),
        "{heard:?}"
    );
    scene.assert_page_has("otto_llm_requests_total{role=\"primary\",outcome=\"cut\"} 1");
}

#[tokio::test]
async fn a_whole_answer_does_not_wait_for_its_bill_nor_for_the_server_to_hang_up() {
    let scene = Scene::new().await;
    for (fault, is_billed, within) in [
        (Fault::StallAfter(3), false, DEADLINES.between_tokens),
        (Fault::Linger, true, control::limits::LLM_USAGE_GRACE),
    ] {
        scene.vendor.inject(fault);
        let mut fastest = PATIENCE;
        for _ in 0..5 {
            let heard = scene.hear().await;
            heard.assert_whole("Good morning.");
            let billed = matches!(heard.last, Answer::Finished { usage: Some(_), .. });
            assert_eq!(billed, is_billed, "{heard:?}");
            fastest = fastest.min(heard.took);
        }
        assert!(fastest < within, "{fastest:?}");
    }
}

#[tokio::test]
async fn a_model_that_refuses_for_our_limits_is_strained_and_a_well_one_is_not() {
    let scene = Scene::new().await;
    assert_eq!(scene.model.strain(), Strain::default());
    scene.hear().await;
    assert_eq!(scene.model.strain().hindered, None);
    scene.vendor.inject(Fault::status(429, ""));
    scene.hear().await;
    let hindered = scene.model.strain().hindered;
    assert!(hindered.is_some_and(|ago| ago < PATIENCE), "{hindered:?}");
}

#[tokio::test]
async fn a_request_is_under_way_until_nobody_wants_it_any_more() {
    let scene = Scene::new().await;
    scene.vendor.inject(Fault::StallBeforeFirst);
    let answering = scene.ask();
    scene.vendor.wait(|seen| seen.asked == 1).await;
    assert_eq!(scene.model.strain().under_way, 1);
    drop(answering);
    scene.vendor.wait(|seen| seen.cancelled == 1).await;
    assert_eq!(scene.model.strain().under_way, 0);
}

#[tokio::test]
async fn each_fault_before_the_first_word_is_told_by_its_kind_and_in_time() {
    use VendorErrorKind::{
        Dropped, Failed, Garbage, Quota, RateLimited, Refused, TimedOut, Unauthorized,
    };
    const QUOTA: &str = r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let rows = [
        (Fault::Refuse, Dropped, true),
        (Fault::status(500, ""), Failed, true),
        (Fault::status(429, ""), RateLimited, true),
        (Fault::status(429, QUOTA), Quota, false),
        (Fault::status(401, ""), Unauthorized, false),
        (Fault::status(400, ""), Refused, false),
        (Fault::StallBeforeFirst, TimedOut, true),
        (Fault::Garbage, Garbage, true),
        (Fault::DropAfter(0), Dropped, true),
        (Fault::EndAfter(0), Dropped, true),
    ];
    for (fault, kind, asked_again) in rows {
        let deadlines = if asked_again { IMPATIENT } else { DEADLINES };
        let scene = Scene::with(|config| config.deadlines = deadlines).await;
        scene.vendor.inject(fault.clone());
        let heard = scene.hear().await;
        let found = heard.failure().kind;
        // A refused connection may fail earlier or later.
        let same = found == kind || (fault == Fault::Refuse && found == VendorErrorKind::Connect);
        assert!(same, "{fault:?}: {heard:?}");
        assert_eq!(heard.text, "");
        assert!(
            heard.took < IMPATIENT.silence + Duration::from_secs(2),
            "{fault:?}: {heard:?}"
        );
        let asked = scene.vendor.seen().asked;
        assert!(
            fault == Fault::Refuse || (asked > 1) == asked_again,
            "{fault:?}: {asked}"
        );
        assert!(scene.errors(found) > 0, "{fault:?} is counted");
    }
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_connection() {
    let nobody = format!("http://127.0.0.1:{}/v1", free_port());
    let scene = Scene::with(|config| config.base_url = nobody).await;
    assert_eq!(scene.hear().await.failure().kind, VendorErrorKind::Connect);
}

#[tokio::test]
async fn once_a_model_has_spoken_nobody_else_will() {
    use VendorErrorKind::{Dropped, TimedOut};
    let rows = [
        (Fault::StallAfter(1), TimedOut),
        (Fault::DropAfter(1), Dropped),
        (Fault::EndAfter(1), Dropped),
    ];
    for (fault, kind) in rows {
        let scene = Scene::with_fallback().await;
        scene.vendor.inject(fault.clone());
        let heard = scene.hear().await;
        assert_eq!(
            (heard.failure().kind, &*heard.text),
            (kind, "Good"),
            "{fault:?}"
        );
        assert_eq!(scene.asked_models(), [PRIMARY], "{fault:?}");
        assert_eq!(scene.errors(kind), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_silent_model_is_overtaken_by_the_fallback_and_its_request_is_cancelled() {
    let scene = Scene::hedging().await;
    scene.vendor.inject_for(PRIMARY, Fault::StallBeforeFirst);
    scene
        .vendor
        .reply_of(FALLBACK, Reply::saying(&["I am the other one."]));
    let heard = scene.hear().await;
    heard.assert_whole("I am the other one.");
    assert!(
        heard.took >= HEDGING.hedge_after && heard.took < HEDGING.first_token,
        "{heard:?}"
    );
    assert_eq!(scene.asked_models(), [PRIMARY, FALLBACK]);
    scene
        .vendor
        .wait(|seen| seen.cancelled == 1 && seen.finished == 1)
        .await;
    scene.assert_page_has("otto_llm_requests_total{role=\"primary\",outcome=\"overtaken\"} 1");
    scene.assert_page_has("otto_llm_requests_total{role=\"fallback\",outcome=\"finished\"} 1");
}

#[tokio::test]
async fn a_hedge_that_is_slower_is_cancelled() {
    let scene = Scene::hedging().await;
    let late = HEDGING.hedge_after + Duration::from_secs(1);
    scene
        .vendor
        .reply_of(PRIMARY, Reply::saying(&["At last."]).after(late));
    scene.vendor.inject_for(FALLBACK, Fault::StallBeforeFirst);
    scene.hear().await.assert_whole("At last.");
    assert_eq!(scene.asked_models(), [PRIMARY, FALLBACK]);
    scene.vendor.wait(|seen| seen.cancelled == 1).await;
}

#[tokio::test]
async fn a_model_that_answers_in_time_is_not_hedged() {
    let scene = Scene::with_fallback().await;
    scene.hear().await.assert_whole("Good morning.");
    assert_eq!(scene.asked_models(), [PRIMARY]);
}

#[tokio::test]
async fn without_a_fallback_the_same_model_is_asked_once_more() {
    let scene = Scene::with(|config| config.deadlines = HEDGING).await;
    let late = HEDGING.hedge_after + Duration::from_secs(1);
    scene.vendor.reply(Reply::default().after(late));
    scene.hear().await.assert_whole("Good morning.");
    assert_eq!(scene.asked_models(), [PRIMARY, PRIMARY]);
}

#[tokio::test]
async fn a_failure_is_made_good_by_the_fallback_at_once() {
    let scene = Scene::with_fallback().await;
    scene.vendor.inject_for(PRIMARY, Fault::status(503, ""));
    let heard = scene.hear().await;
    heard.assert_whole("Good morning.");
    assert!(heard.took < DEADLINES.hedge_after, "{heard:?}");
    assert_eq!(scene.asked_models(), [PRIMARY, FALLBACK]);
    assert_eq!(scene.errors(VendorErrorKind::Failed), 1);
}

#[tokio::test]
async fn the_vendors_wait_is_kept_before_the_same_model_is_asked_again() {
    let scene = Scene::new().await;
    scene.vendor.inject(Fault::Status {
        status: 429,
        headers: vec![
            ("retry-after-ms", "250"),
            ("x-ratelimit-remaining-tokens", "7"),
        ],
        body: "",
    });
    let began = Instant::now();
    let answering = scene.ask();
    scene.vendor.wait(|seen| seen.asked == 1).await;
    scene.vendor.heal();
    hear(answering).await.assert_whole("Good morning.");
    assert!(began.elapsed() >= Duration::from_millis(250));
    assert_eq!(scene.asked_models().len(), 2);
    scene.assert_page_has("otto_llm_rate_limit_remaining{kind=\"tokens\"} 7");
}

#[tokio::test]
async fn a_member_that_the_server_refuses_is_left_out_from_then_on() {
    const BODY: &str = r#"{"error":{"type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#;
    let scene = Scene::new().await;
    scene.vendor.inject(Fault::status(400, BODY));
    let answering = scene.ask();
    scene.vendor.wait(|seen| seen.asked == 1).await;
    scene.vendor.heal();
    hear(answering).await.assert_whole("Good morning.");
    let asked = scene.vendor.asked();
    assert_eq!(asked[0].body["temperature"], 0.5);
    assert_eq!(asked[1].body.get("temperature"), None);
}

#[tokio::test]
async fn an_answer_that_nobody_wants_is_cancelled() {
    let scene = Scene::new().await;
    let reply = Reply::saying(&["One", " two"]).with_pauses(Duration::from_millis(500));
    scene.vendor.reply(reply);
    let mut answering = scene.ask();
    assert!(answering.next().await.is_some());
    drop(answering);
    scene.vendor.wait(|seen| seen.cancelled == 1).await;
    scene.vendor.reply(Reply::default().after(PATIENCE));
    let answering = scene.ask();
    scene.vendor.wait(|seen| seen.asked == 2).await;
    drop(answering);
    scene.vendor.wait(|seen| seen.cancelled == 2).await;
    scene.assert_page_has("otto_llm_requests_total{role=\"primary\",outcome=\"cancelled\"} 2");
}

#[tokio::test]
async fn a_dialogue_that_is_slow_to_listen_loses_nothing() {
    let scene = Scene::new().await;
    let words = ["la "; 300];
    scene
        .vendor
        .reply(Reply::saying(&words).with_pauses(Duration::from_millis(1)));
    let answering = scene.ask();
    scene.vendor.wait(|seen| seen.asked == 1).await;
    tokio::time::sleep(DEADLINES.between_tokens * 2).await;
    hear(answering).await.assert_whole(&words.concat());
}

#[tokio::test]
async fn the_breaker_leaves_a_failing_vendor_alone_and_finds_out_when_it_is_well() {
    let scene = Scene::new().await;
    scene.vendor.inject(Fault::status(500, ""));
    let left_alone = async || scene.hear().await.failure().what.contains("left alone");
    while !left_alone().await {}
    let asked = scene.vendor.seen().asked;
    assert!(left_alone().await);
    assert_eq!(scene.vendor.seen().asked, asked, "nobody asked it");
    scene.vendor.heal();
    let well = tokio::time::timeout(PATIENCE, async {
        while !matches!(scene.hear().await.last, Answer::Finished { .. }) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    well.await.expect("the breaker closes");
    scene.hear().await.assert_whole("Good morning.");
}

#[tokio::test]
async fn a_primary_model_that_is_silent_again_and_again_is_no_longer_waited_for() {
    let scene = Scene::hedging().await;
    scene.vendor.inject_for(PRIMARY, Fault::StallBeforeFirst);
    for _ in 0..3 {
        assert!(scene.hear().await.took >= HEDGING.hedge_after);
    }
    let before = scene.asked_models().len();
    scene.hear().await.assert_whole("Good morning.");
    assert_eq!(scene.asked_models()[before], FALLBACK, "asked first");
}

#[tokio::test]
async fn connections_are_opened_before_the_first_call_and_used_again() {
    let scene = Scene::new().await;
    scene
        .vendor
        .wait(|seen| seen.warmed == control::limits::LLM_LANES)
        .await;
    assert_eq!(scene.vendor.seen().connections, control::limits::LLM_LANES);
    // Its lane may not have read yet that the server is well, and open another.
    scene.hear().await.assert_whole("Good morning.");
    let opened = scene.vendor.seen().connections;
    assert!(opened <= control::limits::LLM_LANES + 1);
    for _ in 0..10 {
        scene.hear().await.assert_whole("Good morning.");
    }
    assert_eq!(scene.vendor.seen().connections, opened);
}

#[tokio::test]
async fn the_doctor_learns_whether_key_and_models_are_good() {
    let scene = Scene::with_fallback().await;
    scene.vendor.offer(&[PRIMARY, FALLBACK]);
    let well = scene.model.probe().await.expect("well");
    assert_eq!(well, "the key is accepted, gpt-large is offered");
    scene.vendor.offer(&[PRIMARY]);
    assert_eq!(
        scene.model.probe().await,
        Err(ProbeError::Model(FALLBACK.to_owned()))
    );
    scene.vendor.inject(Fault::status(401, ""));
    assert_eq!(scene.model.probe().await, Err(ProbeError::Key));
    assert_eq!(scene.vendor.seen().asked, 0, "no completion was paid for");
}

#[tokio::test]
async fn where_models_are_not_listed_each_of_ours_says_a_word() {
    let scene = Scene::with_fallback().await;
    assert_eq!(
        scene.model.probe().await,
        Ok("gpt-large answers".to_owned())
    );
    assert_eq!(scene.asked_models(), [PRIMARY, FALLBACK]);
    scene.vendor.inject(Fault::status(
        404,
        r#"{"error":{"code":"model_not_found"}}"#,
    ));
    let refused = scene.model.probe().await.expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "gpt-large refuses to answer: 404 model_not_found"
    );
}
