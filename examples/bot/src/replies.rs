//! What the bot says. Pure but for dice and the clock.

use jiff::Zoned;

const HELP: &str = "I know !help, !time, !roll 2d6 and !echo words. Call me by my name and I answer.";
/// Most dice, and most sides of one.
const DICE: u32 = 100;
const SIDES: u32 = 1_000;

/// What to say to somebody who came.
pub(crate) fn greeting(name: &str) -> String {
    format!("Welcome, {name}! Say !help to see what I can do.")
}

/// What to say to a text, if it is for the bot: a command, or its name.
pub(crate) fn to(text: &str, author: &str, my_name: &str, called: bool) -> Option<String> {
    if let Some(command) = text.trim().strip_prefix('!') {
        let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        return self::command(name, argument.trim());
    }
    (called || names(text, my_name)).then(|| format!("Yes, {author}? {HELP}"))
}

fn command(name: &str, argument: &str) -> Option<String> {
    match name {
        "help" => Some(HELP.to_owned()),
        "time" => Some(Zoned::now().strftime("It is %H:%M:%S on %A, %-d %B %Y (%Z).").to_string()),
        "echo" if argument.is_empty() => Some("Echo what? For example: !echo hello".to_owned()),
        "echo" => Some(argument.to_owned()),
        "roll" => Some(roll(if argument.is_empty() { "1d6" } else { argument })),
        // Another bot's, or none.
        _ => None,
    }
}

fn roll(wanted: &str) -> String {
    let Some((count, sides)) = dice(wanted) else {
        return format!("I roll like 2d6: at most {DICE} dice of 2 to {SIDES} sides.");
    };
    let rolled: Vec<u32> = (0..count).map(|_| fastrand::u32(1..=sides)).collect();
    let sum: u32 = rolled.iter().sum();
    if count == 1 || count > 20 {
        return format!("{count}d{sides}: {sum}");
    }
    let rolled: Vec<_> = rolled.iter().map(u32::to_string).collect();
    format!("{count}d{sides}: {} = {sum}", rolled.join(" + "))
}

fn dice(text: &str) -> Option<(u32, u32)> {
    let (count, sides) = text.split_once(['d', 'D'])?;
    let count = if count.is_empty() { 1 } else { count.parse().ok()? };
    let sides = sides.parse().ok()?;
    ((1..=DICE).contains(&count) && (2..=SIDES).contains(&sides)).then_some((count, sides))
}

/// Whether a name stands in a text as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    words.any(|word| !word.is_empty() && word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Option<String> {
        to(text, "alice", "Bot", false)
    }

    #[test]
    fn commands_are_answered() {
        assert_eq!(reply("!echo hello  there"), Some("hello  there".to_owned()));
        assert_eq!(reply(" !help "), Some(HELP.to_owned()));
        assert!(reply("!time").is_some());
        assert_eq!(reply("!unknown"), None);
        assert_eq!(reply("hello all"), None);
    }

    #[test]
    fn its_name_is_answered_as_a_word_only() {
        assert!(reply("hey bot, are you there?").is_some());
        assert!(reply("@Bot").is_some());
        assert_eq!(reply("robots and bottles"), None);
        assert!(to("hello", "alice", "Bot", true).is_some());
    }

    #[test]
    fn dice_stay_within_reason() {
        assert_eq!(dice("2d6"), Some((2, 6)));
        assert_eq!(dice("d20"), Some((1, 20)));
        for bad in ["", "6", "0d6", "1d1", "101d6", "1d1001", "ad6", "2d", "99999999999d6"] {
            assert_eq!(dice(bad), None, "{bad:?} was taken");
        }
        for _ in 0..100 {
            let sum: u32 = roll("3d6").rsplit(" = ").next().unwrap().parse().unwrap();
            assert!((3..=18).contains(&sum));
        }
    }
}
