//! What stands where, by the size of the terminal. From 40 columns and 12 lines on everything needed is there.

use ratatui::layout::Rect;

use crate::input::Input;

/// From so many columns on there is a column of rooms.
const ROOMS_FROM: u16 = 60;
/// From so many on people have a column of their own.
const PEOPLE_FROM: u16 = 96;
const ROOMS: u16 = 18;
const PEOPLE: u16 = 20;
/// Most lines of what is being written.
const INPUT_MOST: u16 = 5;
/// What stands before the input.
pub(crate) const PROMPT: u16 = 2;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    pub(crate) top: Rect,
    pub(crate) rooms: Option<Rect>,
    pub(crate) people: Option<Rect>,
    pub(crate) timeline: Rect,
    pub(crate) typing: Rect,
    pub(crate) input: Rect,
    pub(crate) bottom: Rect,
    /// Over everything between the bars.
    pub(crate) panel: Rect,
}

impl Areas {
    /// Columns and lines within a panel's border.
    pub(crate) fn panel_size(&self) -> (usize, usize) {
        (usize::from(self.panel.width.saturating_sub(4)), usize::from(self.panel.height.saturating_sub(2)))
    }
}

/// Divides a screen.
pub(crate) fn areas(columns: u16, lines: u16, input: &Input) -> Areas {
    let rooms = if columns >= ROOMS_FROM { ROOMS } else { 0 };
    let people = if columns >= PEOPLE_FROM { PEOPLE } else { 0 };
    let middle = columns - rooms - people;
    let written = input.lay(usize::from(middle.saturating_sub(PROMPT + 1))).lines.len();
    let most = INPUT_MOST.min((lines / 4).max(1));
    let input = u16::try_from(written).unwrap_or(most).clamp(1, most);
    let body = lines.saturating_sub(2);
    let timeline = body.saturating_sub(input + 1);
    let cut = |x, y, width, height| Rect::new(x, y, width, height).intersection(Rect::new(0, 0, columns, lines));
    let half = body - (body / 2);
    // Without a column of their own, people share the one of the rooms.
    let (rooms_height, people_area) = match (rooms, people) {
        (0, _) => (0, None),
        (_, 0) => (half, Some(cut(0, 1 + half, rooms, body - half))),
        _ => (body, Some(cut(rooms + middle, 1, people, body))),
    };
    Areas {
        top: cut(0, 0, columns, 1),
        rooms: (rooms > 0).then(|| cut(0, 1, rooms, rooms_height)),
        people: people_area,
        timeline: cut(rooms, 1, middle, timeline),
        typing: cut(rooms, 1 + timeline, middle, 1),
        input: cut(rooms, 2 + timeline, middle, input),
        bottom: cut(0, lines.saturating_sub(1), columns, 1),
        panel: cut(0, 1, columns, body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_size_breaks_the_screen() {
        let mut input = Input::default();
        input.insert(&"long ".repeat(200));
        for (columns, lines) in [(0, 0), (1, 1), (5, 3), (40, 12), (80, 24), (96, 10), (200, 60), (u16::MAX, 2)] {
            let areas = areas(columns, lines, &input);
            let screen = Rect::new(0, 0, columns, lines);
            let parts = [areas.top, areas.timeline, areas.typing, areas.input, areas.bottom, areas.panel];
            for part in parts.into_iter().chain(areas.rooms).chain(areas.people) {
                assert_eq!(part.intersection(screen), part, "{columns}x{lines}: {part}");
            }
        }
    }

    #[test]
    fn a_small_screen_keeps_room_for_words() {
        let areas = areas(40, 12, &Input::default());
        assert_eq!((areas.timeline.width, areas.timeline.height), (40, 8));
        assert!(areas.rooms.is_none() && areas.people.is_none());
    }
}
