//! The program between simulated vendors, and callers on its line: everything is a real socket.

use std::sync::Mutex;
use std::time::Instant;

use crate::caller::{Caller, Carrier};
use crate::program::Program;
use crate::vendors::deepgram_stt::{self, DeepgramSttSim};
use crate::vendors::deepgram_tts::{self, DeepgramTtsSim};
use crate::vendors::front::front;
use crate::vendors::openai::OpenAiServer;

/// A served dealership and its vendors.
#[derive(Debug)]
pub struct House {
    pub program: Program,
    pub hears: DeepgramSttSim,
    pub speaks: DeepgramTtsSim,
    pub thinks: OpenAiServer,
    calls: Mutex<u32>,
}

impl House {
    /// Opens with all vendors well.
    pub async fn open(executable: &'static str) -> Self {
        let hears = DeepgramSttSim::start(deepgram_stt::Manner::default()).await;
        let speaks = DeepgramTtsSim::start(deepgram_tts::Manner::default()).await;
        let thinks = OpenAiServer::start().await;
        let deepgram = format!("ws://{}", front(hears.address(), speaks.address()).await);
        let model = thinks.base_url();
        let settings = [
            ("DEEPGRAM_API_KEY", deepgram_stt::KEY),
            ("DEEPGRAM_URL", &*deepgram),
            ("OPENAI_API_KEY", "a-key-of-no-account"),
            ("OPENAI_BASE_URL", &*model),
        ];
        Self {
            program: Program::serve_with(executable, &settings),
            hears,
            speaks,
            thinks,
            calls: Mutex::new(0),
        }
    }

    /// A caller rings, and hears the greeting to its end.
    pub async fn rings(&self) -> Caller {
        let number = {
            let mut calls = self.calls.lock().expect("no caller panics");
            *calls += 1;
            *calls
        };
        let carrier = Carrier::unsigned(self.program.address());
        let sid = format!("CA{number:032}");
        let caller = Caller::ring(&carrier, "inbound-call", &sid, "+12175550101").await;
        caller.hears("How can I help you?").await;
        caller.falls_silent(Instant::now()).await;
        caller
    }

    /// A line of the metrics page, as a number; 0 where it is not there.
    pub async fn metric(&self, line: &str) -> f64 {
        let url = format!("{}/metrics", self.program.address());
        let page = reqwest::get(url).await.expect("served");
        let page = page.text().await.expect("text");
        let value = page.lines().find_map(|l| l.strip_prefix(line));
        value.map_or(0.0, |value| value.trim().parse().expect("a number"))
    }
}
