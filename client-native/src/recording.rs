//! A recording on its way to a file. Written on a thread of its own, so that a slow disk holds nobody up.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::PathBuf,
};

use tokio::sync::{mpsc, oneshot};

/// Lines on their way to the thread; those beyond wait in the core, whose buffer is bounded as well.
const QUEUE: usize = 1_024;

/// The file that a session is recorded in.
pub(crate) struct Recording {
    lines: mpsc::Sender<String>,
    written: oneshot::Receiver<()>,
}

impl Recording {
    /// Begins a new file, in place of one that is there.
    pub(crate) fn create(path: &PathBuf) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        let (lines, mut queued) = mpsc::channel::<String>(QUEUE);
        let (done, written) = oneshot::channel();
        let work = move || {
            let mut batch = Vec::new();
            let mut write = || -> io::Result<()> {
                while queued.blocking_recv_many(&mut batch, QUEUE) > 0 {
                    for line in batch.drain(..) {
                        file.write_all(line.as_bytes())?;
                        file.write_all(b"\n")?;
                    }
                    // A crash is what a recording is for: nothing stays here while there is a pause.
                    file.flush()?;
                }
                Ok(())
            };
            if let Err(error) = write() {
                tracing::warn!(%error, "unable to write the recording; it ends here");
            }
            // Whoever closes the client may have stopped waiting.
            let _ = done.send(());
        };
        std::thread::Builder::new().name("roomcast-recording".to_owned()).spawn(work)?;
        Ok(Self { lines, written })
    }

    /// Hands on what there is room for.
    pub(crate) fn take(&self, mut poll: impl FnMut() -> Option<String>) {
        while let Ok(permit) = self.lines.try_reserve()
            && let Some(line) = poll()
        {
            permit.send(line);
        }
    }

    /// Hands on the rest, and waits until all of it is written.
    pub(crate) async fn finish(self, mut poll: impl FnMut() -> Option<String>) {
        while let Some(line) = poll() {
            if self.lines.send(line).await.is_err() {
                break;
            }
        }
        drop(self.lines);
        // An error means that the thread is gone, which is what is waited for.
        let _ = self.written.await;
    }
}
