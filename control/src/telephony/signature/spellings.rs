//! The spellings of one URL that Twilio may have signed.

use std::borrow::Cow;

/// As given, without its port, with the default port of its scheme; and each of these once more
/// with the query as an older encoder writes it. The first is the likeliest.
///
/// What is no absolute URL has one spelling.
pub(super) fn spellings(url: &str) -> Vec<Cow<'_, str>> {
    let mut all = vec![Cow::Borrowed(url)];
    let Some((scheme, rest)) = url.split_once("://") else {
        return all;
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = host_and_port(authority);
    let default = default_port(scheme);
    if port.is_some() {
        all.push(format!("{scheme}://{host}{path}").into());
    }
    if port != Some(default) {
        all.push(format!("{scheme}://{host}:{default}{path}").into());
    }
    let older: Vec<_> = all.iter().filter_map(|url| with_older_query(url)).collect();
    all.extend(older.into_iter().map(Cow::Owned));
    all
}

fn default_port(scheme: &str) -> &'static str {
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") {
        "443"
    } else {
        "80"
    }
}

/// The port is what follows the last colon, unless that is inside an IPv6 address or a user's
/// password.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    }
}

/// `'` as `%27` and a space as `+`; `None` where that changes nothing.
fn with_older_query(url: &str) -> Option<String> {
    let (before, query) = url.split_once('?')?;
    let older = query
        .replace('\'', "%27")
        .replace("%20", "+")
        .replace(' ', "+");
    (older != query).then(|| format!("{before}?{older}"))
}
