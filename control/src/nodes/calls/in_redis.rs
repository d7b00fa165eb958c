//! The calls of all nodes, in Redis.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::here::{CallsHere, is_at, life};
use super::{CallNews, KnownCall, LiveCalls, PLACE};
use crate::limits;
use crate::nodes::Shared;
use crate::telephony::CallSid;

/// `joined` of this module's parent, in one step for all nodes. CallNews without a place count for a call
/// that is known, and make none.
///
/// KEYS: the call, the live ones by their last activity. ARGV: SID, place or nothing, life, now, all
/// in milliseconds; whether it is live; then fields and values.
const TELL: &str = "local before = tonumber(redis.call('HGET', KEYS[1], 'place') or '')
local place = tonumber(ARGV[2])
if place then
  if before and place < before then return 0 end
  if before and math.floor(place / 10) > math.floor(before / 10) then
    redis.call('HDEL', KEYS[1], 'ending', 'asked')
  end
elseif not before then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
if place then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  if ARGV[5] == '1' then
    redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
  else
    redis.call('ZREM', KEYS[2], ARGV[1])
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4] - ARGV[3])
end
return 1";

/// What is live on nodes that are.
///
/// KEYS: the live ones. ARGV: how many, what keys of calls and of nodes begin with.
const LIVE: &str = "local answer = {}
for _, sid in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  local call = ARGV[2] .. sid
  local node = redis.call('HGET', call, 'node')
  if node and redis.call('EXISTS', ARGV[3] .. node) == 1 then
    answer[#answer + 1] = {sid, redis.call('HGETALL', call)}
  end
end
return answer";

/// What this node knows it knows alone too, so that it goes on without Redis, and tells whole, so
/// that a Redis that has forgotten everything learns it again.
#[derive(Debug)]
pub struct CallsInRedis {
    shared: Shared,
    here: CallsHere,
    _alive: Arc<AbortOnDropHandle<()>>,
}

impl CallsInRedis {
    /// `node`: this process's name, no other's.
    #[must_use]
    pub fn start(shared: Shared, node: impl Into<String>) -> Self {
        let node = node.into();
        let alive = tokio::spawn(stay_alive(shared.clone(), shared.key("node", &node)));
        Self {
            shared,
            here: CallsHere::new(node),
            _alive: Arc::new(AbortOnDropHandle::new(alive)),
        }
    }

    /// The node's name.
    #[must_use]
    pub fn node(&self) -> &str {
        self.here.node()
    }

    fn key(&self, sid: &str) -> String {
        self.shared.key("call", sid)
    }

    fn index(&self) -> String {
        self.shared.key("calls", "live")
    }
}

#[async_trait]
impl LiveCalls for CallsInRedis {
    async fn tell(&self, sid: &CallSid, news: CallNews) {
        let Some(told) = self.here.join(sid, news) else {
            return;
        };
        let mut command = Shared::script(TELL, &[self.key(sid.as_str()), self.index()]);
        command
            .arg(sid.as_str())
            .arg(told.get(PLACE).map_or("", String::as_str))
            .arg(life(&told).as_millis().to_string())
            .arg(Timestamp::now().as_millisecond())
            .arg(u8::from(is_at(&told, 1)));
        for (field, value) in &told {
            command.arg(*field).arg(value);
        }
        // This node knows it anyhow.
        self.shared.tell("call_tell", &command).await;
    }

    async fn get(&self, sid: &CallSid) -> Option<KnownCall> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.key(sid.as_str()));
        match self
            .shared
            .ask::<HashMap<String, String>>("call_get", &command)
            .await
        {
            Ok(fields) => {
                let known =
                    KnownCall::read(sid.as_str(), |name| fields.get(name).map(String::as_str));
                match known {
                    Some(known) => Some(known),
                    // Forgotten there by a restart.
                    None => self.here.get(sid).await,
                }
            }
            Err(_) => self.here.get(sid).await,
        }
    }

    async fn live(&self) -> Vec<KnownCall> {
        let mut command = Shared::script(LIVE, &[self.index()]);
        command
            .arg(limits::MAX_LISTED_CALLS)
            .arg(self.key(""))
            .arg(self.shared.key("node", ""));
        let found: Result<Vec<(String, HashMap<String, String>)>, _> =
            self.shared.ask("call_list", &command).await;
        let Ok(found) = found else {
            return self.here.live().await;
        };
        let mut live: Vec<KnownCall> = found
            .iter()
            .filter_map(|(sid, fields)| {
                KnownCall::read(sid, |name| fields.get(name).map(String::as_str))
            })
            .collect();
        live.sort_by_key(|call| call.started_at);
        live
    }
}

/// Lets others know that the calls of this node are not left behind by a process that died.
async fn stay_alive(shared: Shared, key: String) {
    let mut changes = shared.link().changes();
    loop {
        if shared.link().is_up() {
            let mut command = redis::cmd("SET");
            command
                .arg(&key)
                .arg(1)
                .arg("PX")
                .arg(limits::NODE_LIFE.as_millis().to_string());
            shared.tell("alive", &command).await;
        }
        drop(timeout(limits::NODE_LIFE / 3, changes.next()).await);
    }
}
