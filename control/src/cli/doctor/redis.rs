//! Whether Redis answers.

use std::time::Instant;

use super::Finding::{self, Broken, Well};
use crate::nodes::RedisAddress;

pub(super) async fn check(address: Option<&RedisAddress>) -> Finding {
    let Some(address) = address else {
        return Well("not used: REDIS_URL is not set, this process is the only one".to_owned());
    };
    let asked = Instant::now();
    match address.probe().await {
        Ok(()) => Well(format!(
            "{address} answers in {:.1} ms, connection included",
            asked.elapsed().as_secs_f64() * 1_000.0
        )),
        Err(why) => Broken {
            what: format!("{address}: {why}"),
            remedy: "start the server or correct REDIS_URL; calls go on without it, each node \
                     for itself"
                .into(),
        },
    }
}
