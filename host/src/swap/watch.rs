//! Hot reload: detects that the files of component or policy have changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Swap;

/// Polls the files for as long as the program runs, and reloads a change once two polls in a row
/// see the same. Polling, rather than file notifications of the kernel, works the same for every
/// way of writing, for mounted volumes and for switched symbolic links.
pub async fn watch(swap: Arc<Swap>, every: Duration) {
    if every.is_zero() || !swap.sources.may_change() {
        return;
    }
    let mut last = swap.sources.stamps();
    // Not immediately: two polls in quick succession see the same of every file.
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let seen = swap.sources.stamps();
        let settled = seen == last;
        if settled && swap.is_new(&seen).await {
            // The outcome has been logged.
            let _ = swap.reload("the files have changed").await;
        }
        last = seen;
    }
}
