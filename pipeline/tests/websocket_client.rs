//! The WebSocket server codec with a client that somebody else wrote, over a loopback socket.

use futures_util::{SinkExt, StreamExt};
use pipeline::wire::websocket::{self, CloseCode, Decoder, Message as Received, Opcode, Violation};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode as Code, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Bytes that the server's decoder can hold: small, so that a message of 100 KiB is too big.
const BUFFER_BYTES: usize = 80 * 1024;

/// A server that repeats what it hears: text in capitals, binary as it came, pings by pongs. It
/// returns how the connection ended.
async fn serve(mut socket: TcpStream) -> Result<Option<CloseCode>, Violation> {
    answer_handshake(&mut socket).await;
    let mut decoder = Decoder::new(vec![0; BUFFER_BYTES].into());
    let mut out = vec![0; BUFFER_BYTES];
    loop {
        let received = socket
            .read(decoder.spare())
            .await
            .expect("a readable socket");
        assert_ne!(received, 0, "the client closes by a close frame");
        decoder.received(received);
        loop {
            let (len, end) = match decoder.next_message() {
                Ok(None) => break,
                Ok(Some(message)) => answer(message, &mut out),
                Err(violation) => {
                    let code = violation.close_code();
                    let len = websocket::encode_close(&mut out, code, &violation.to_string())
                        .expect("room");
                    (len, Some(Err(violation)))
                }
            };
            socket
                .write_all(&out[..len])
                .await
                .expect("a writable socket");
            if let Some(end) = end {
                return end;
            }
        }
    }
}

type End = Option<Result<Option<CloseCode>, Violation>>;

fn answer(message: Received<'_>, out: &mut [u8]) -> (usize, End) {
    let written = match message {
        Received::Text(text) => {
            websocket::encode(out, Opcode::Text, text.to_uppercase().as_bytes())
        }
        Received::Binary(bytes) => websocket::encode(out, Opcode::Binary, bytes),
        Received::Ping(payload) => websocket::encode(out, Opcode::Pong, payload),
        Received::Pong(_) => Ok(0),
        Received::Close(frame) => {
            let code = frame.map(|frame| frame.code);
            let len = websocket::encode_close(out, code.unwrap_or(CloseCode::NORMAL), "");
            return (len.expect("room"), Some(Ok(code)));
        }
    };
    (written.expect("room"), None)
}

/// Reads the request's head and answers with the accept value of its key.
async fn answer_handshake(socket: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(socket.read_u8().await.expect("a request"));
    }
    let request = String::from_utf8(request).expect("ASCII");
    let key = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(name, value)| {
            name.eq_ignore_ascii_case("sec-websocket-key")
                .then_some(value)
        })
        .expect("a key");
    let accept = websocket::accept_key(key.as_bytes()).expect("a lawful key");
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    socket
        .write_all(response.as_bytes())
        .await
        .expect("a writable socket");
}

/// A connected client and the server's end.
async fn connect() -> (
    Client,
    tokio::task::JoinHandle<Result<Option<CloseCode>, Violation>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a client");
        serve(socket).await
    });
    let (client, _) = connect_async(format!("ws://{address}/"))
        .await
        .expect("a 101");
    (client, server)
}

async fn next(client: &mut Client) -> Message {
    client
        .next()
        .await
        .expect("a message")
        .expect("lawful frames")
}

#[tokio::test]
async fn messages_of_every_length_class_come_back() {
    let (mut client, server) = connect().await;
    for len in [0, 1, 7, 8, 125, 126, 127, 382, 65_535, 65_536, 75_000] {
        client
            .send(Message::text("a".repeat(len)))
            .await
            .expect("sent");
        assert_eq!(next(&mut client).await, Message::text("A".repeat(len)));
        let bytes: Vec<u8> = (0..len).map(|n| n as u8).collect();
        client
            .send(Message::binary(bytes.clone()))
            .await
            .expect("sent");
        assert_eq!(next(&mut client).await, Message::binary(bytes));
    }
    client
        .send(Message::Ping("still there?".into()))
        .await
        .expect("sent");
    assert_eq!(
        next(&mut client).await,
        Message::Pong("still there?".into())
    );
    client
        .close(Some(CloseFrame {
            code: Code::Away,
            reason: "done".into(),
        }))
        .await
        .expect("sent");
    let Message::Close(Some(echo)) = next(&mut client).await else {
        panic!("the server answers a close");
    };
    assert_eq!(echo.code, Code::Away);
    assert_eq!(
        server.await.expect("no panic"),
        Ok(Some(CloseCode::GOING_AWAY))
    );
}

fn fragment(text: &'static str, opcode: OpCode, fin: bool) -> Message {
    Message::Frame(Frame::message(text.as_bytes(), opcode, fin))
}

#[tokio::test]
async fn a_fragmented_message_with_a_ping_inside_comes_back_whole() {
    let (mut client, _server) = connect().await;
    for message in [
        fragment("frag", OpCode::Data(Data::Text), false),
        Message::Ping("now".into()),
        fragment("men", OpCode::Data(Data::Continue), false),
        fragment("ts", OpCode::Data(Data::Continue), true),
    ] {
        client.send(message).await.expect("sent");
    }
    assert_eq!(next(&mut client).await, Message::Pong("now".into()));
    assert_eq!(next(&mut client).await, Message::text("FRAGMENTS"));
}

/// Sends one bad message and returns the code that the server closed with.
async fn closed_for(message: Message) -> (Code, Violation) {
    let (mut client, server) = connect().await;
    // The server may close before it has read everything, so the send itself may fail.
    let _ = client.feed(message).await;
    let _ = client.flush().await;
    let Message::Close(Some(frame)) = next(&mut client).await else {
        panic!("the server closes with a code");
    };
    let violation = server.await.expect("no panic").expect_err("a violation");
    assert_eq!(frame.reason, violation.to_string());
    (frame.code, violation)
}

#[tokio::test]
async fn broken_rules_close_with_the_code_of_the_rule() {
    let bad_text = Frame::message(&b"\xC3\x28"[..], OpCode::Data(Data::Text), true);
    assert_eq!(
        closed_for(Message::Frame(bad_text)).await,
        (Code::Invalid, Violation::BadUtf8)
    );
    assert_eq!(
        closed_for(fragment("what?", OpCode::Data(Data::Continue), true)).await,
        (Code::Protocol, Violation::LoneContinuation)
    );
    let mut reserved = Frame::message(&b"x"[..], OpCode::Data(Data::Text), true);
    reserved.header_mut().rsv1 = true;
    assert_eq!(
        closed_for(Message::Frame(reserved)).await,
        (Code::Protocol, Violation::ReservedBits)
    );
}

#[tokio::test]
async fn an_announced_giant_is_refused_before_it_arrives() {
    let (mut client, server) = connect().await;
    let socket = client.get_mut();
    let mut header = vec![0x82, 0xFF];
    header.extend((1_u64 << 32).to_be_bytes());
    header.extend([1, 2, 3, 4]);
    socket.write_all(&header).await.expect("sent");
    let Message::Close(Some(frame)) = next(&mut client).await else {
        panic!("the server closes with a code");
    };
    assert_eq!(frame.code, Code::Size);
    assert_eq!(server.await.expect("no panic"), Err(Violation::TooBig));
}
