//! The terminal: taken at the start, given back whatever happens, its events read by a thread.

use std::io::stdout;

use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{
            self, DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
            KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
        },
        execute,
        terminal::supports_keyboard_enhancement,
    },
};
use tokio::sync::mpsc;

use crate::app::AppEvent;

/// The terminal while it is the program's.
pub(crate) struct Screen {
    pub(crate) terminal: DefaultTerminal,
    enhanced: bool,
}

impl Screen {
    /// Takes the terminal. After a panic, too, it is given back.
    ///
    /// # Errors
    /// Where standard output is none.
    pub(crate) fn take() -> std::io::Result<Self> {
        let terminal = ratatui::try_init()?;
        // Only with this can a terminal tell Ctrl+Enter from Enter; few have it.
        let enhanced = supports_keyboard_enhancement().unwrap_or(false);
        if enhanced {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
            execute!(stdout(), PushKeyboardEnhancementFlags(flags))?;
        }
        execute!(stdout(), EnableBracketedPaste, EnableFocusChange)?;
        Ok(Self { terminal, enhanced })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        if self.enhanced {
            drop(execute!(stdout(), PopKeyboardEnhancementFlags));
        }
        drop(execute!(stdout(), DisableBracketedPaste, DisableFocusChange));
        ratatui::restore();
    }
}

/// Reads keys until the program ends.
pub(crate) fn listen(events: mpsc::Sender<AppEvent>) {
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if events.blocking_send(AppEvent::Terminal(event)).is_err() {
                break;
            }
        }
    });
}
