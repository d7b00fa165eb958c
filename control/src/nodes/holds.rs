//! Times held in Redis while callers decide, and in the database where there is none.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use storage::StorageError;
use storage::hold::{self, Fence, Held, SlotHolds, Wanted};
use storage::slots::Interval;

use super::Shared;

/// All holds of a book are members of one sorted set, scored by when they run out on Redis' clock:
/// `start end fence call location`, in seconds.
///
/// KEYS: holds, the last fence. ARGV: call, location, life in milliseconds, then start, end and room
/// of each time wanted. Gives the fence, then 1 or 0 for each.
const HOLD: &str = "local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local call, location = ARGV[1], ARGV[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local others = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local from, to, fence, by, at = member:match('^(%S+) (%S+) (%S+) (%S+) (.*)$')
  if by == call then
    redis.call('ZREM', KEYS[1], member)
  elseif at == location then
    others[#others + 1] = {tonumber(from), tonumber(to), by}
  end
end
local fence = redis.call('INCR', KEYS[2])
local answer = {fence}
for n = 4, #ARGV, 3 do
  local from, to, room = tonumber(ARGV[n]), tonumber(ARGV[n + 1]), tonumber(ARGV[n + 2])
  local calls, count = {}, 0
  for _, other in ipairs(others) do
    if other[1] < to and from < other[2] and not calls[other[3]] then
      calls[other[3]] = true
      count = count + 1
    end
  end
  local held = count < room
  if held then
    local member = table.concat({ARGV[n], ARGV[n + 1], fence, call, location}, ' ')
    redis.call('ZADD', KEYS[1], now + ARGV[3], member)
  end
  answer[#answer + 1] = held and 1 or 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return answer";

/// KEYS: holds. ARGV: call, location, start, end. Gives start, end and call of each, in a row.
const HELD: &str = "local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local answer = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  local from, to, fence, by, at = member:match('^(%S+) (%S+) (%S+) (%S+) (.*)$')
  if by ~= ARGV[1] and at == ARGV[2] and tonumber(from) < tonumber(ARGV[4])
    and tonumber(ARGV[3]) < tonumber(to) then
    answer[#answer + 1] = from
    answer[#answer + 1] = to
    answer[#answer + 1] = by
  end
end
return answer";

/// KEYS: holds. ARGV: call, fence.
const RELEASE: &str = "for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local from, to, fence, by = member:match('^(%S+) (%S+) (%S+) (%S+)')
  if by == ARGV[1] and tonumber(fence) <= tonumber(ARGV[2]) then
    redis.call('ZREM', KEYS[1], member)
  end
end
return 1";

/// Holds of all nodes. While Redis is away, those that have none of it hold in the database; what was
/// held on the other side is not seen until it runs out. A hold is only advice.
pub(super) struct HoldsInRedis {
    shared: Shared,
    database: Arc<dyn SlotHolds>,
}

impl HoldsInRedis {
    pub(super) fn new(shared: Shared, database: Arc<dyn SlotHolds>) -> Self {
        Self { shared, database }
    }

    fn key(&self) -> String {
        self.shared.key("holds", "all")
    }
}

#[async_trait]
impl SlotHolds for HoldsInRedis {
    async fn hold(
        &self,
        location: &str,
        call_sid: &str,
        wanted: &[Wanted],
        life: Duration,
    ) -> Result<Held, StorageError> {
        let keys = [self.key(), self.shared.key("holds", "fence")];
        let mut command = Shared::script(HOLD, &keys);
        command
            .arg(call_sid)
            .arg(location)
            .arg(life.as_millis().to_string());
        for Wanted { interval, room } in wanted {
            command
                .arg(interval.starts_at.as_second())
                .arg(interval.ends_at.as_second())
                .arg(*room);
        }
        let answer: Vec<i64> = match self.shared.ask("hold", &command).await {
            Ok(answer) => answer,
            Err(_) => return self.database.hold(location, call_sid, wanted, life).await,
        };
        let (fence, held) = answer
            .split_first()
            .map_or((0, [].as_slice()), |(f, h)| (*f, h));
        let intervals = wanted.iter().zip(held).filter(|(_, held)| **held == 1);
        Ok(Held {
            fence: Fence(fence),
            intervals: intervals.map(|(wanted, _)| wanted.interval).collect(),
        })
    }

    async fn held(
        &self,
        location: &str,
        span: Interval,
        but_by: &str,
    ) -> Result<Vec<Interval>, StorageError> {
        let mut command = Shared::script(HELD, &[self.key()]);
        command
            .arg(but_by)
            .arg(location)
            .arg(span.starts_at.as_second())
            .arg(span.ends_at.as_second());
        let answer: Vec<String> = match self.shared.ask("held", &command).await {
            Ok(answer) => answer,
            Err(_) => return self.database.held(location, span, but_by).await,
        };
        let holds = answer.chunks_exact(3).filter_map(|hold| match hold {
            [from, to, call] => Some((
                call.clone(),
                Interval {
                    starts_at: instant(from)?,
                    ends_at: instant(to)?,
                },
            )),
            _ => None,
        });
        Ok(hold::by_call(holds.collect()))
    }

    async fn release(&self, call_sid: &str, up_to: Fence) -> Result<(), StorageError> {
        let mut command = Shared::script(RELEASE, &[self.key()]);
        command.arg(call_sid).arg(up_to.0);
        let released: Result<i64, _> = self.shared.ask("release", &command).await;
        match released {
            Ok(_) => Ok(()),
            // What is left there runs out.
            Err(_) => self.database.release(call_sid, up_to).await,
        }
    }
}

fn instant(seconds: &str) -> Option<Timestamp> {
    Timestamp::from_second(seconds.parse().ok()?).ok()
}
