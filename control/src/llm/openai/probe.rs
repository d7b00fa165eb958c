//! Proves the key and the models by the cheapest real requests.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::{OpenAi, body, root_cause};
use crate::limits::LLM_PROBE;
use crate::llm::complaint::Complaint;
use crate::llm::fallback::Role;
use crate::llm::{Message, Request};

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

impl OpenAi {
    /// Asks the server for its models; where it has no list of them, for an answer of a few tokens.
    /// Returns a sentence for `otto doctor`.
    ///
    /// # Errors
    /// [`ProbeError`] says what is wrong, in words.
    pub async fn probe(&self) -> Result<String, ProbeError> {
        let account = &self.0;
        let lane = account.lanes.take(None);
        let asked = lane.client().get(account.models.clone()).timeout(LLM_PROBE);
        let response = asked.send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::UNAUTHORIZED => return Err(ProbeError::Key),
            status if status.is_success() => {
                let text = response.text().await.map_err(unreachable)?;
                if let Ok(models) = serde_json::from_str::<Models>(&text) {
                    return self.listed(&models);
                }
            }
            _ => {}
        }
        self.complete(Role::Primary).await?;
        if account.config.fallback_model.is_some() {
            self.complete(Role::Fallback).await?;
        }
        Ok(format!("{} answers", account.config.model))
    }

    fn listed(&self, models: &Models) -> Result<String, ProbeError> {
        let config = &self.0.config;
        for model in [Some(&config.model), config.fallback_model.as_ref()] {
            if let Some(model) = model
                && !models.data.iter().any(|listed| listed.id == *model)
            {
                return Err(ProbeError::Model(model.clone()));
            }
        }
        Ok(format!("the key is accepted, {} is offered", config.model))
    }

    async fn complete(&self, role: Role) -> Result<(), ProbeError> {
        let account = &self.0;
        let mut config = account.config.clone();
        config.max_tokens = PROBE_TOKENS;
        let request = Request {
            messages: vec![Message::User("Say yes.".to_owned())],
            tools: Arc::from([]),
        };
        let model = account.model(role);
        let body = body::write(
            &config,
            account.dialect,
            &account.refused,
            model,
            &request,
            "",
        );
        let lane = account.lanes.take(None);
        let asked = lane
            .client()
            .post(account.completions.clone())
            .header(http::header::CONTENT_TYPE, "application/json")
            .timeout(LLM_PROBE)
            .body(body);
        let response = asked.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status == StatusCode::UNAUTHORIZED {
            return Err(ProbeError::Key);
        }
        let text = response.text().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(());
        }
        let complaint = Complaint::of_response(status, &headers, text.as_bytes(), Timestamp::now());
        Err(ProbeError::Refused {
            model: model.to_owned(),
            what: complaint.what,
        })
    }
}

fn unreachable(error: reqwest::Error) -> ProbeError {
    if error.is_timeout() {
        return ProbeError::Silent;
    }
    ProbeError::Unreachable(root_cause(&error))
}

/// Why the language model cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server does not answer within {} s", LLM_PROBE.as_secs())]
    Silent,
    #[error("the key is not accepted")]
    Key,
    #[error("the key is accepted, but there is no model {0}")]
    Model(String),
    #[error("{model} refuses to answer: {what}")]
    Refused { model: String, what: String },
}

/// Enough for a word, also where a model thinks a little.
const PROBE_TOKENS: u32 = 16;
