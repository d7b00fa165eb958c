//! Who is believed to be Twilio.

use tests::vendors::twilio::{self, AUTH_TOKEN};

use super::scene::{HOOKS, JOHN, MEDIA, Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_twilio_signed_gets_an_answer() {
    let scene = Scene::new().await;
    let form = [("CallSid", "CA1"), ("From", JOHN), ("New", "yes & no")];
    let (status, xml) = scene.hook("/inbound-call", &form).await;
    assert_eq!(status, 200, "{xml}");
    assert!(xml.contains("<Stream"), "{xml}");

    let url = format!("{}{HOOKS}/inbound-call", scene.base);
    let signature = twilio::signed_form(&url, &form);
    let (status, said) = scene.post(&url, None, &form).await;
    assert_eq!(status, 403);
    assert!(said.starts_with("X-Twilio-Signature: missing"), "{said}");
    let altered = [("CallSid", "CA2"), ("From", JOHN), ("New", "yes & no")];
    let elsewhere = format!("{}{HOOKS}/stream-ended", scene.base);
    let with_query = format!("{url}?a=1");
    for (url, signature, form) in [
        (&url, "nonsense", &form),
        (&url, signature.as_str(), &altered),
        (&elsewhere, signature.as_str(), &form),
        (&with_query, signature.as_str(), &form),
    ] {
        let (status, said) = scene.post(url, Some(signature), form).await;
        assert_eq!(status, 403, "{url}");
        assert!(said.starts_with("X-Twilio-Signature:"), "{said}");
        assert!(!said.contains(AUTH_TOKEN));
    }
    let page = scene.get("/metrics").await;
    for (reason, count) in [("missing", 1), ("malformed", 1), ("wrong", 3)] {
        let line = format!("otto_webhooks_refused_total{{reason=\"{reason}\"}} {count}");
        assert!(page.contains(&line), "{line}\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_webhook_is_closed_to_strangers_and_none_asks_them_for_more() {
    let scene = Scene::new().await;
    for hook in [
        "/inbound-call",
        "/outbound-reminder?appointment_id=1",
        "/stream-ended",
        "/dial-result",
        "/call-status",
        "/stream-status",
        "/amd",
        "/recording",
        "/sms",
    ] {
        let url = format!("{}{HOOKS}{hook}", scene.base);
        let (status, _) = scene.post(&url, None, &[("CallSid", "CA1")]).await;
        assert_eq!(status, 403, "{hook}");
        let (status, said) = scene.hook(hook, &[("Unknown", "1")]).await;
        assert_eq!(status, 400, "{hook}: signed, but nothing in it");
        assert!(said.contains("Sid: expected"), "{hook}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_url_is_the_configured_one_whatever_the_request_says_of_its_host() {
    let scene = Scene::with(&[("BASE_URL", "https://otto.example")]).await;
    let form = [("CallSid", "CA1")];
    let local = format!("{}{HOOKS}/inbound-call", scene.base);
    let port = "https://otto.example:443/api/v1/webhooks/inbound-call";
    let public = "https://otto.example/api/v1/webhooks/inbound-call";
    for (signed_for, status) in [(public, 200), (port, 200), (local.as_str(), 403)] {
        let signature = twilio::signed_form(signed_for, &form);
        let answer = scene.post(&local, Some(&signature), &form).await;
        assert_eq!(answer.0, status, "{signed_for}");
    }
    // A query and its escapes are signed as they stand.
    let path = "/outbound-reminder?appointment_id=7&note=a%2Fb";
    let url = format!("https://otto.example{HOOKS}{path}");
    let signature = twilio::signed_form(&url, &form);
    let local = format!("{}{HOOKS}{path}", scene.base);
    let (status, xml) = scene.post(&local, Some(&signature), &form).await;
    assert_eq!(status, 200, "{xml}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_media_socket_opens_to_the_url_of_our_twiml_alone() {
    let plain = Scene::new().await;
    let secure = Scene::with(&[("BASE_URL", "https://otto.example")]).await;
    let host = plain.base.trim_start_matches("http://");
    for (scene, signed_for, opens) in [
        (&plain, format!("ws://{host}{MEDIA}"), true),
        (&plain, format!("http://{host}{MEDIA}"), true),
        (&plain, format!("wss://{host}{MEDIA}"), false),
        (&plain, format!("ws://{host}{MEDIA}/"), false),
        (&secure, format!("wss://otto.example{MEDIA}"), true),
        (&secure, format!("wss://otto.example:443{MEDIA}"), true),
        (&secure, format!("https://otto.example{MEDIA}"), true),
        (&secure, format!("ws://otto.example{MEDIA}"), false),
    ] {
        let signature = twilio::signed_upgrade(&signed_for);
        let opened = scene.upgrade(MEDIA, Some(signature)).await;
        assert_eq!(opened.is_ok(), opens, "{signed_for}");
    }
    let refused = plain.upgrade(MEDIA, None).await.expect_err("unsigned");
    assert!(refused.to_string().contains("403"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_is_refused_before_anything_is_computed() {
    let scene = Scene::new().await;
    let long = "x".repeat(control::limits::MAX_BODY_BYTES);
    let (status, _) = scene
        .hook("/sms", &[("MessageSid", "SM1"), ("Body", &long)])
        .await;
    assert_eq!(status, 413);
}
