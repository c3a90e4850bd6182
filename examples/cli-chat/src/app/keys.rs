//! What keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Action, App, Older, Tone};
use crate::{
    input::Vertical,
    timeline::{Scroll, Step},
};

impl App {
    pub(super) fn key(&mut self, key: KeyEvent, actions: &mut Vec<Action>) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if self.older == Older::Failed {
            self.older = Older::Idle;
        }
        match key.code {
            KeyCode::Char('c') if ctrl => return self.leave_program(),
            code if self.panel.is_some() => return self.panel_key(code),
            KeyCode::Esc => return self.leave_program(),
            _ => self.leaving = false,
        }
        match key.code {
            KeyCode::Char('j') if ctrl => self.insert("\n", actions),
            KeyCode::Enter if ctrl || alt => self.insert("\n", actions),
            KeyCode::Enter => self.enter(actions),
            KeyCode::Tab => self.neighbour(1, actions),
            KeyCode::BackTab => self.neighbour(-1, actions),
            KeyCode::F(1) => self.show_help(),
            KeyCode::PageUp => self.step(Step::Up(self.page())),
            KeyCode::PageDown => self.step(Step::Down(self.page())),
            KeyCode::Up if !self.input.vertical(Vertical::Up) => self.step(Step::Up(1)),
            KeyCode::Down if !self.input.vertical(Vertical::Down) => self.step(Step::Down(1)),
            KeyCode::End if self.input.is_at_end() => self.scroll = Scroll::Newest,
            KeyCode::Char(c) if ctrl => self.control(c, actions),
            KeyCode::Char(c) if !alt => self.insert(c.encode_utf8(&mut [0; 4]), actions),
            code => self.edit(code, if ctrl || alt { By::Word } else { By::Character }, actions),
        }
    }

    fn control(&mut self, c: char, actions: &mut Vec<Action>) {
        match c {
            'n' => self.neighbour(1, actions),
            'p' => self.neighbour(-1, actions),
            'r' => self.retry_failed(actions),
            'x' => self.discard_failed(actions),
            'a' => self.input.home(),
            'e' => self.input.end(),
            'b' => self.input.left(),
            'f' => self.input.right(),
            'w' => self.input.delete_word(),
            'u' => self.input.delete_to_start(),
            'k' => self.input.delete_to_end(),
            'd' => self.input.delete(),
            'h' => self.input.backspace(),
            _ => return,
        }
        if matches!(c, 'w' | 'u' | 'k' | 'd' | 'h') {
            self.typed(actions);
        }
    }

    fn edit(&mut self, code: KeyCode, by: By, actions: &mut Vec<Action>) {
        match (code, by) {
            (KeyCode::Left, By::Character) => self.input.left(),
            (KeyCode::Left, By::Word) => self.input.word_left(),
            (KeyCode::Right, By::Character) => self.input.right(),
            (KeyCode::Right, By::Word) => self.input.word_right(),
            (KeyCode::Home, _) => self.input.home(),
            (KeyCode::End, _) => self.input.end(),
            (KeyCode::Backspace, By::Character) => self.input.backspace(),
            (KeyCode::Backspace, By::Word) => self.input.delete_word(),
            (KeyCode::Delete, _) => self.input.delete(),
            _ => return,
        }
        if matches!(code, KeyCode::Backspace | KeyCode::Delete) {
            self.typed(actions);
        }
    }

    fn insert(&mut self, text: &str, actions: &mut Vec<Action>) {
        self.input.insert(text);
        self.typed(actions);
    }

    /// The text changed: the others are to know. Of commands they need not.
    pub(super) fn typed(&self, actions: &mut Vec<Action>) {
        let open = self.open.clone();
        let words = !self.input.is_empty() && !self.input.text().starts_with('/');
        actions.push(if words { Action::Typing(open) } else { Action::StopTyping(open) });
    }

    /// What does not fit scrolls; any other key closes.
    fn panel_key(&mut self, code: KeyCode) {
        let (columns, height) = self.areas().panel_size();
        let page = height.saturating_sub(1).max(1);
        let step = match code {
            KeyCode::Up => Step::Up(1),
            KeyCode::Down => Step::Down(1),
            KeyCode::PageUp => Step::Up(page),
            KeyCode::PageDown => Step::Down(page),
            _ => return self.panel = None,
        };
        if let Some(panel) = &mut self.panel {
            panel.scroll(columns, height, step);
        }
    }

    fn step(&mut self, step: Step) {
        let height = usize::from(self.areas().timeline.height);
        self.scroll = self.scroll.step(&self.rows(), height, step);
    }

    fn page(&self) -> usize {
        usize::from(self.areas().timeline.height).saturating_sub(2).max(1)
    }

    fn neighbour(&mut self, by: isize, actions: &mut Vec<Action>) {
        let rooms = self.rooms();
        let here = rooms.iter().position(|room| *room == self.open).unwrap_or_default();
        let there = here.checked_add_signed(by).map_or(rooms.len() - 1, |there| there % rooms.len());
        actions.push(Action::StopTyping(self.open.clone()));
        self.open(rooms[there].clone());
    }

    /// Ends the program; what would be lost by that is said first.
    pub(super) fn leave_program(&mut self) {
        let unsent = self.seen.unsent;
        if unsent == 0 || self.setting.keeps_outbox || self.leaving {
            self.done = true;
            return;
        }
        self.leaving = true;
        let messages = if unsent == 1 { "1 message is".to_owned() } else { format!("{unsent} messages are") };
        self.tell(Tone::Bad, format!("{messages} not sent and would be lost; press again to quit"));
    }
}

/// How far a key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Character,
    Word,
}
