//! What a vehicle is by its number: the vPIC service of the US road safety authority.
//!
//! It needs no key and promises nothing: it may be slow, and answers most wrong numbers with a 200.
//! So it is asked once, under a deadline, behind a breaker; only what it is sure of is believed, and
//! only that is remembered.

mod memory;
mod wire;

use std::sync::Arc;

use pipeline::metrics::Metrics as DataPlaneMetrics;
use pipeline::time::Mono;
use pipeline::vendor::{SharedBreaker, Vendor, VendorErrorKind};

use self::memory::Decoded;
use crate::limits;
use crate::nodes::Shared;

/// A vehicle as its number describes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DecodedVehicle {
    pub year: i16,
    /// As it is written: "Ford".
    pub make: String,
    pub model: String,
}

/// Why a number says nothing, in words that a dialogue can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VinRefused {
    /// The service knows no such vehicle, or only something like it.
    #[error("no vehicle is known by it; ask for it again, or for year, make and model")]
    Unknown,
    #[error("it cannot be looked up now; ask for year, make and model instead")]
    Unreachable,
}

/// A client of vPIC. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Nhtsa {
    http: reqwest::Client,
    /// Ends with `/api`.
    base_url: Arc<str>,
    decoded: Arc<Decoded>,
    breaker: SharedBreaker,
    vendors: Arc<DataPlaneMetrics>,
}

impl Nhtsa {
    /// Failures are counted in `vendors`; what was decoded is shared with other nodes where there are
    /// any.
    ///
    /// # Panics
    /// Where the machine has no working TLS.
    #[must_use]
    pub fn new(base_url: &str, shared: Option<Shared>, vendors: Arc<DataPlaneMetrics>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(limits::NHTSA_DEADLINE)
            .connect_timeout(limits::NHTSA_CONNECT_DEADLINE)
            .build()
            .expect("invariant: the TLS provider was chosen at build time");
        Self {
            http,
            base_url: base_url.into(),
            decoded: Arc::new(Decoded::new(shared)),
            breaker: SharedBreaker::default(),
            vendors,
        }
    }

    /// The vehicle of a number of 17 valid characters.
    ///
    /// # Errors
    /// [`VinRefused`].
    pub async fn decode(&self, vin: &str) -> Result<DecodedVehicle, VinRefused> {
        if let Some(known) = self.decoded.get(vin).await {
            return Ok(known);
        }
        if !self.breaker.admits(Mono::now()) {
            return Err(VinRefused::Unreachable);
        }
        match self.ask(vin).await {
            Ok(Some(vehicle)) => {
                self.breaker.succeeded();
                self.decoded.keep(vin, &vehicle).await;
                Ok(vehicle)
            }
            Ok(None) => {
                self.breaker.succeeded();
                Err(VinRefused::Unknown)
            }
            Err(kind) => {
                tracing::warn!(kind = kind.label(), "a VIN could not be looked up");
                self.vendors.vendor_errors.count(Vendor::Nhtsa, kind);
                self.breaker.failed(Mono::now());
                Err(VinRefused::Unreachable)
            }
        }
    }

    async fn ask(&self, vin: &str) -> Result<Option<DecodedVehicle>, VendorErrorKind> {
        let url = format!("{}/vehicles/decodevinvalues/{vin}", self.base_url);
        let sent = self.http.get(url).query(&[("format", "json")]).send().await;
        let mut response = sent.map_err(|error| wire::broken(&error))?;
        if !response.status().is_success() {
            return Err(VendorErrorKind::of_status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| wire::broken(&e))? {
            if body.len() + chunk.len() > limits::MAX_NHTSA_ANSWER_BYTES {
                return Err(VendorErrorKind::Garbage);
            }
            body.extend_from_slice(&chunk);
        }
        wire::vehicle(&body)
    }
}
