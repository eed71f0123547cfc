//! Work that goes on without whoever asked for it, and that a shutdown waits for.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::task::JoinHandle;

/// Tasks that [`Tasks::ended`] waits for.
pub(super) struct Tasks {
    /// Every task holds a copy; nothing is ever sent.
    running: Mutex<Option<mpsc::Sender<()>>>,
    over: AsyncMutex<mpsc::Receiver<()>>,
}

impl Tasks {
    pub(super) fn new() -> Tasks {
        let (running, over) = mpsc::channel(1);
        Tasks {
            running: Mutex::new(Some(running)),
            over: AsyncMutex::new(over),
        }
    }

    /// Starts a task. One that is started after [`Tasks::ended`] is not waited for.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let running = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        tokio::spawn(async move {
            let outcome = task.await;
            drop(running);
            outcome
        })
    }

    /// Waits until every task that was started has ended.
    pub(super) async fn ended(&self) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let _ = self.over.lock().await.recv().await;
    }
}
