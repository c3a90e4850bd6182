//! Beside the standard library's, step by step.

use std::collections as std_map;

use proptest::prelude::*;

use super::sorted::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, u8),
    Remove(u8),
    Entry(u8, u8),
    Retain(u8),
    Extract(u8),
    First,
    Last,
    Range(u8, u8),
    Append(Vec<(u8, u8)>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<(u8, u8)>().prop_map(|(k, v)| Step::Insert(k, v)),
        any::<u8>().prop_map(Step::Remove),
        any::<(u8, u8)>().prop_map(|(k, v)| Step::Entry(k, v)),
        any::<u8>().prop_map(Step::Retain),
        any::<u8>().prop_map(Step::Extract),
        Just(Step::First),
        Just(Step::Last),
        any::<(u8, u8)>().prop_map(|(a, b)| Step::Range(a.min(b), a.max(b))),
        any::<Vec<(u8, u8)>>().prop_map(Step::Append),
    ]
}

/// Does the same to either map; gives what is seen of it.
macro_rules! take {
    ($map:expr, $make:ty, $step:expr) => {{
        let map = $map;
        match $step.clone() {
            Step::Insert(key, value) => format!("{:?}", map.insert(key, value)),
            Step::Remove(key) => format!("{:?}", map.remove(&key)),
            Step::Entry(key, value) => {
                *map.entry(key).or_insert(7) ^= value;
                format!("{:?} {:?}", map.get(&key), map.contains_key(&value))
            }
            Step::Retain(most) => {
                map.retain(|key, value| {
                    *value = value.wrapping_add(1);
                    *key < most
                });
                String::new()
            }
            Step::Extract(most) => format!("{:?}", map.extract_if(.., |key, _| *key > most).collect::<Vec<_>>()),
            Step::First => {
                let first = map.first_entry().map(|entry| (*entry.key(), entry.remove()));
                format!("{first:?} {:?}", map.pop_first())
            }
            Step::Last => format!("{:?} {:?}", map.last_key_value(), map.keys().next_back()),
            Step::Range(from, to) => format!(
                "{:?} {:?} {:?}",
                map.range(from..).collect::<Vec<_>>(),
                map.range(..=to).rev().collect::<Vec<_>>(),
                map.range(from..to).collect::<Vec<_>>(),
            ),
            Step::Append(more) => {
                let mut more: $make = more.into_iter().collect();
                map.append(&mut more);
                format!("{}", more.is_empty())
            }
        }
    }};
}

proptest! {
    #[test]
    fn a_sorted_map_does_what_a_tree_does(steps in prop::collection::vec(step(), 0..40)) {
        let mut theirs = std_map::BTreeMap::<u8, u8>::new();
        let mut ours = BTreeMap::<u8, u8>::new();
        for step in steps {
            let expected = take!(&mut theirs, std_map::BTreeMap<u8, u8>, step);
            prop_assert_eq!(take!(&mut ours, BTreeMap<u8, u8>, step), expected, "{:?}", step);
            prop_assert!(ours.iter().eq(theirs.iter()));
            prop_assert_eq!(ours.len(), theirs.len());
        }
        let text = serde_json::to_string(&theirs).unwrap();
        prop_assert_eq!(&serde_json::to_string(&ours).unwrap(), &text);
        prop_assert_eq!(serde_json::from_str::<BTreeMap<u8, u8>>(&text).unwrap(), ours);
    }

    #[test]
    fn a_sorted_set_does_what_a_tree_does(items: Vec<(bool, u8)>) {
        let mut theirs = std_map::BTreeSet::new();
        let mut ours = BTreeSet::new();
        for (add, item) in items {
            let (expected, got) =
                if add { (theirs.insert(item), ours.insert(item)) } else { (theirs.remove(&item), ours.remove(&item)) };
            prop_assert_eq!(got, expected);
            prop_assert_eq!(ours.contains(&item), add);
        }
        prop_assert!(ours.iter().eq(theirs.iter()));
    }
}
