//! What the network tells beside a call: kept once, masked, in its own order.

use serde_json::{Value, json};
use storage::call_log::CallStatus;

use super::scene::{JOHN, Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_count_by_their_own_order() {
    let scene = Scene::new().await;
    let form = [("CallSid", "CA1"), ("From", JOHN)];
    let (_, xml) = scene.hook("/inbound-call", &form).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.fed("CA1", "How can I help you?")).await;
    line.hang_up().await;
    scene.row("CA1", |row| row.summary.is_some()).await;
    let statuses: [&[(&str, &str)]; 4] = [
        &[
            ("CallStatus", "completed"),
            ("CallDuration", "42"),
            ("SequenceNumber", "3"),
        ],
        &[("CallStatus", "in-progress"), ("SequenceNumber", "2")],
        &[("CallStatus", "ringing")],
        &[
            ("CallStatus", "completed"),
            ("CallDuration", "41"),
            ("SequenceNumber", "3"),
        ],
    ];
    for status in statuses {
        let status = [form.as_slice(), status].concat();
        let (code, _) = scene.hook("/call-status", &status).await;
        assert_eq!(code, 204);
    }
    // Notes are written in their order: after this one all are.
    let (code, _) = scene
        .hook(
            "/call-status",
            &[("CallSid", "CA9"), ("CallStatus", "busy")],
        )
        .await;
    assert_eq!(code, 204);
    scene.row("CA9", |_| true).await;
    let row = scene.row("CA1", |row| row.network.is_some()).await;
    let network = row.network.expect("told");
    assert_eq!(network.status, CallStatus::Completed);
    assert_eq!((network.duration_s, network.sequence), (Some(42), 3));
    let reason = row.summary.map(|summary| summary.end_reason);
    assert_eq!(reason.as_deref(), Some("the caller hung up"), "ours stands");
    for (name, wrong) in [
        (
            "CallStatus",
            [("CallStatus", "dancing"), ("SequenceNumber", "1")],
        ),
        (
            "CallDuration",
            [("CallStatus", "completed"), ("CallDuration", "long")],
        ),
        (
            "SequenceNumber",
            [("CallStatus", "completed"), ("SequenceNumber", "-1")],
        ),
    ] {
        let form = [form.as_slice(), &wrong].concat();
        let (code, said) = scene.hook("/call-status", &form).await;
        assert_eq!(code, 400);
        assert!(said.starts_with(&format!("{name}: expected")), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_tells_is_kept_once_and_masked() {
    let scene = Scene::new().await;
    let told: [(&str, &[(&str, &str)]); 4] = [
        (
            "/amd",
            &[
                ("CallSid", "CA1"),
                ("AnsweredBy", "machine_end_beep"),
                ("MachineDetectionDuration", "3200"),
            ],
        ),
        (
            "/recording",
            &[
                ("CallSid", "CA1"),
                ("RecordingSid", "RE1"),
                ("RecordingStatus", "completed"),
                ("RecordingDuration", "12"),
            ],
        ),
        (
            "/stream-status",
            &[
                ("CallSid", "CA1"),
                ("StreamSid", "MZ1"),
                ("StreamEvent", "stream-error"),
                ("StreamError", "31921"),
            ],
        ),
        (
            "/sms",
            &[
                ("MessageSid", "SM1"),
                ("From", JOHN),
                ("Body", "STOP, I was born March 14th 1985"),
            ],
        ),
    ];
    for _ in 0..2 {
        for (hook, form) in told {
            let (status, said) = scene.hook(hook, form).await;
            if hook == "/sms" {
                assert!(said.contains("no more calls or messages"), "{said}");
            } else {
                assert_eq!(status, 204, "{hook}: {said}");
            }
        }
    }
    let (status, _) = scene
        .hook(
            "/call-status",
            &[("CallSid", "CA9"), ("CallStatus", "busy")],
        )
        .await;
    assert_eq!(status, 204);
    scene.row("CA9", |_| true).await;
    let logs = &scene.server.store().call_logs;
    let kinds: Vec<(String, Value)> = logs
        .events("CA1")
        .await
        .expect("readable")
        .into_iter()
        .map(|event| (event.kind, event.detail))
        .collect();
    assert_eq!(
        kinds,
        [
            (
                "amd".to_owned(),
                json!({"answered_by": "machine_end_beep", "took_ms": 3200})
            ),
            (
                "recording".to_owned(),
                json!({"recording_sid": "RE1", "status": "completed", "duration_s": 12})
            ),
            (
                "stream".to_owned(),
                json!({"stream_sid": "MZ1", "event": "stream-error", "error": "31921"})
            ),
        ]
    );
    let messages = logs.events("SM1").await.expect("readable");
    assert_eq!(messages.len(), 1);
    let text = messages[0].detail.to_string();
    assert!(text.contains("STOP") && text.contains("…01"), "{text}");
    assert!(!text.contains("1985") && !text.contains("555"), "{text}");
    let page = scene.get("/metrics").await;
    let line = "otto_network_events_total{kind=\"amd\",what=\"machine_end_beep\"} 2";
    assert!(page.contains(line), "{page}");
}
