//! One address for two simulators of one vendor: speech that is heard and speech that is made.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::deepgram_stt::{self, DeepgramSttSim};
use super::deepgram_tts::{self, DeepgramTtsSim};

/// The vendor, well, with a voice of this manner: who hears, who speaks, and the settings that lead
/// there.
pub async fn deepgram(
    voice: deepgram_tts::Manner,
) -> (DeepgramSttSim, DeepgramTtsSim, [(&'static str, String); 2]) {
    deepgram_hearing(deepgram_stt::Manner::default(), voice).await
}

/// As [`deepgram`], with an ear of this manner.
pub async fn deepgram_hearing(
    ear: deepgram_stt::Manner,
    voice: deepgram_tts::Manner,
) -> (DeepgramSttSim, DeepgramTtsSim, [(&'static str, String); 2]) {
    let hears = DeepgramSttSim::start(ear).await;
    let speaks = DeepgramTtsSim::start(voice).await;
    let origin = format!("ws://{}", front(hears.address(), speaks.address()).await);
    let settings = [
        ("DEEPGRAM_API_KEY", deepgram_stt::KEY.to_owned()),
        ("DEEPGRAM_URL", origin),
    ];
    (hears, speaks, settings)
}

/// Hands each connection on by the path of its first request: `speak` to one, all else to the
/// other. Where that one is not there, the connection is closed.
async fn front(hears: SocketAddr, speaks: SocketAddr) -> SocketAddr {
    let door = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = door.local_addr().expect("a bound listener");
    tokio::spawn(async move {
        while let Ok((guest, _)) = door.accept().await {
            tokio::spawn(hand_on(guest, hears, speaks));
        }
    });
    address
}

async fn hand_on(mut guest: TcpStream, hears: SocketAddr, speaks: SocketAddr) {
    let mut head = [0; 64];
    let Ok(read) = guest.peek(&mut head).await else {
        return;
    };
    let wants_speech = String::from_utf8_lossy(&head[..read]).contains("/speak");
    let host = if wants_speech { speaks } else { hears };
    if let Ok(mut host) = TcpStream::connect(host).await {
        let nodelay = guest.set_nodelay(true).and(host.set_nodelay(true));
        nodelay.expect("a socket option");
        // Either side may go at any time.
        drop(copy_bidirectional(&mut guest, &mut host).await);
    }
}
