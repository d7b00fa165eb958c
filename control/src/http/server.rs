//! The listener: one task per connection, HTTP/1 with upgrades, deadlines, a graceful end.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::access::Peer;
use crate::limits;

/// Serves until `stop`, then lets open requests finish for [`limits::CONNECTION_DRAIN`].
///
/// HTTP/1 alone (no `auto` connection): an upgraded socket then comes back as the very TCP stream
/// that was accepted, which is what the data plane takes over.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let open = TaskTracker::new();
    let places = Arc::new(Semaphore::new(limits::MAX_CONNECTIONS));
    loop {
        // A place first: where all are taken, new peers wait in the kernel's backlog.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let router = router.clone();
        let service = tower::service_fn(move |mut request: http::Request<_>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request.map(axum::body::Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEADER_DEADLINE)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades();
        let stop = stop.clone();
        open.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            // How a peer's connection broke is the peer's affair; requests are logged by their
            // handlers.
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    open.close();
    let ended = tokio::time::timeout(limits::CONNECTION_DRAIN, open.wait());
    if ended.await.is_err() {
        tracing::info!("some connections were still open and are closed now");
    }
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Audio leaves in small messages: none may wait for the next.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection went away at once");
                return None;
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of descriptors, most likely: it passes as connections close.
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            None
        }
    }
}
