//! A call's tools, run beside its dialogue.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{RwLock, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;

use crate::dialogue::ToolId;
use crate::limits;
use crate::tools::{CallContext, ToolCall, ToolError, ToolOutcome, Toolbox};

/// A call's tools: run beside the dialogue. Those that may change who the caller is taken for run
/// one after the other.
pub(super) struct Tools {
    pub(super) toolbox: Toolbox,
    pub(super) context: Arc<RwLock<CallContext>>,
    pub(super) report: mpsc::UnboundedSender<ToolResult>,
    pub(super) running: TaskTracker,
}

pub(super) struct ToolResult {
    pub(super) id: ToolId,
    pub(super) name: &'static str,
    pub(super) outcome: ToolOutcome,
    pub(super) took: Duration,
}

impl Tools {
    /// Runs a tool and reports by its deadline. A tool that is late, or whose caller hangs up, goes
    /// on to its end all the same: a booking is never left half made.
    pub(super) fn start(&self, id: ToolId, call: ToolCall) {
        let name = call.name();
        let began = Instant::now();
        let work = self.running.spawn({
            let (toolbox, context) = (self.toolbox.clone(), Arc::clone(&self.context));
            async move { toolbox.run_beside(&context, call).await }
        });
        let report = self.report.clone();
        tokio::spawn(async move {
            let outcome = match timeout(limits::TOOL_DEADLINE, work).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => {
                    tracing::error!(tool = name, "a tool panicked");
                    Err(ToolError::Trouble)
                }
                Err(_) => {
                    tracing::warn!(tool = name, "a tool keeps its caller waiting too long");
                    Err(ToolError::Trouble)
                }
            };
            // Nobody to report to: the call is over.
            drop(report.send(ToolResult {
                id,
                name,
                outcome,
                took: began.elapsed(),
            }));
        });
    }
}
