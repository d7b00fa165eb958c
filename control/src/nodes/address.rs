//! Where a Redis server is.

/// The address of a Redis server, with its credentials. `Display` and `Debug` show neither.
#[derive(Clone)]
pub struct RedisAddress {
    client: redis::Client,
    /// What people may see.
    shown: String,
}

/// Why a text is not the address of a Redis server. The sentence follows the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedisAddress {
    #[error("is not a Redis address")]
    Scheme,
    /// What exactly is not repeated: it may be a password.
    #[error("cannot be read as an address; percent-encode what is special in a user or password")]
    Form,
}

impl RedisAddress {
    /// Reads `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, the same with `rediss://` for TLS,
    /// and `redis+unix:///PATH` or `unix:///PATH` for a socket.
    ///
    /// # Errors
    /// [`InvalidRedisAddress`]
    pub fn parse(text: &str) -> Result<Self, InvalidRedisAddress> {
        let (scheme, _) = text.split_once("://").ok_or(InvalidRedisAddress::Scheme)?;
        if !matches!(scheme, "redis" | "rediss" | "redis+unix" | "unix") {
            return Err(InvalidRedisAddress::Scheme);
        }
        let mut url = reqwest::Url::parse(text).map_err(|_| InvalidRedisAddress::Form)?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let shown = format!("{scheme}://{host}{port}{}", url.path());
        // What other nodes tell comes by the connection that is asked, so that one is not up without
        // the other.
        url.query_pairs_mut().append_pair("protocol", "resp3");
        let client = redis::Client::open(url.as_str()).map_err(|_| InvalidRedisAddress::Form)?;
        Ok(Self { client, shown })
    }

    pub(super) fn client(&self) -> &redis::Client {
        &self.client
    }
}

impl std::fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// As little as `Display`.
impl std::fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisAddress({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("redis://127.0.0.1:6380/2", "redis://127.0.0.1:6380/2"),
            (
                "rediss://otto:s3cret@cache.example",
                "rediss://cache.example",
            ),
            (
                "redis://:s3cret@cache.example:7000",
                "redis://cache.example:7000",
            ),
            (
                "redis+unix:///run/redis.sock?pass=s3cret",
                "redis+unix:///run/redis.sock",
            ),
            ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ] {
            let address = RedisAddress::parse(text).expect(text);
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("s3cret"));
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        use InvalidRedisAddress::{Form, Scheme};
        for (text, why) in [
            ("", Scheme),
            ("localhost:6379", Scheme),
            ("http://localhost:6379", Scheme),
            ("redis://", Form),
            ("redis://localhost:port", Form),
            ("redis://localhost/words", Form),
            ("redis://:s3?cret@localhost", Form),
        ] {
            assert_eq!(RedisAddress::parse(text).err(), Some(why), "{text}");
        }
    }
}
