//! vPIC, simulated: vehicles by their numbers, on a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::Switch;

/// Which numbers mean a vehicle.
const KNOWN: [(&str, [&str; 3]); 2] = [
    ("1HGCM82633A004352", ["2003", "HONDA", "Accord"]),
    ("5YJSA1DG9DFP14705", ["2013", "TESLA", "Model S"]),
];

/// How it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// With this status.
    Status(u16),
    /// 200, and what is no answer of its.
    Garbage,
    /// It takes the question and never answers.
    Stall,
}

/// The simulated service. It stops when it is dropped.
#[derive(Debug)]
pub struct Nhtsa {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Shared {
    faults: Switch<Fault>,
    asked: AtomicUsize,
}

impl Nhtsa {
    /// On a free port of loopback.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/api/vehicles/decodevinvalues/{vin}", get(decode))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            drop(axum::serve(listener, router).await);
        });
        Self {
            address,
            shared,
            task: task.abort_handle(),
        }
    }

    /// What `NHTSA_API_URL` is to be.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// Breaks it until [`Self::heal`].
    pub fn inject(&self, fault: Fault) {
        self.shared.faults.inject(fault);
    }

    pub fn heal(&self) {
        self.shared.faults.heal();
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Nhtsa {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn decode(State(shared): State<Arc<Shared>>, Path(vin): Path<String>) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    match shared.faults.now() {
        Some(Fault::Status(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, "Service unavailable").into_response();
        }
        Some(Fault::Garbage) => return "<html>maintenance</html>".into_response(),
        Some(Fault::Stall) => std::future::pending::<()>().await,
        None => {}
    }
    let known = KNOWN.iter().find(|(known, _)| *known == vin);
    let (code, text, [year, make, model]) = match known {
        Some((_, vehicle)) => (
            "0",
            "0 - VIN decoded clean. Check Digit (9th position) is correct",
            *vehicle,
        ),
        // As in life: a 200, and a guess at what it might be.
        None => (
            "5,14",
            "5 - VIN has errors in few positions; 14 - Unable to provide information for all the \
             characters in the VIN",
            ["2003", "HONDA", ""],
        ),
    };
    Json(json!({
        "Count": 1,
        "Message": "Results returned successfully. NOTE: Any missing decoded values should be \
                    interpreted as NHTSA does not have data on the specific variable.",
        "SearchCriteria": format!("VIN(s): {vin}"),
        "Results": [{
            "VIN": vin, "ErrorCode": code, "ErrorText": text, "SuggestedVIN": "",
            "Make": make, "Model": model, "ModelYear": year, "VehicleType": "PASSENGER CAR",
            "Trim": "", "BodyClass": "Sedan/Saloon", "Series": "",
        }],
    }))
    .into_response()
}
