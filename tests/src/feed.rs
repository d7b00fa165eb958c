//! A call's live feed, as a follower of it reads it.

use std::ops::ControlFlow;

use control::feed::FeedLine;

/// Reads a call's feed, line by line, until `each` breaks off or the feed ends, in whatever way.
///
/// # Panics
/// Where there is none, or it holds what is no line of a feed.
pub async fn read(server: &str, sid: &str, mut each: impl FnMut(FeedLine) -> ControlFlow<()>) {
    let url = format!("{server}/api/v1/calls/{sid}/events");
    let mut answer = reqwest::get(url).await.expect("answered");
    let mut text = String::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((line, rest)) = text.split_once('\n') {
            let data = line.strip_prefix("data:");
            let line = data.map(|data| serde_json::from_str::<FeedLine>(data.trim()));
            text = rest.to_owned();
            let Some(line) = line else { continue };
            if each(line.expect("a line of the feed")).is_break() {
                return;
            }
        }
    }
}
