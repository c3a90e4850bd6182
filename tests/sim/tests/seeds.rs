//! Some hundreds of seeds at every `cargo test`; `cargo xtask sim` runs as many as one likes.

use std::thread;

use roomcast_sim::{Traced, run};

const SEEDS: u64 = 300;

#[test]
fn every_promise_is_kept_over_some_hundreds_of_seeds() {
    for seed in 0..SEEDS {
        let run = run(seed, Traced::No, None);
        assert!(run.violations.is_empty(), "cargo xtask sim --seed {seed} --trace\n{:#?}", run.violations);
    }
}

/// Seeds that were broken once, by bugs or by the checker. What they do changes as the workload does; they stay.
#[test]
fn what_was_found_once_stays_mended() {
    let one = [
        7_207, 7_518, 8_544, 11_934, 12_236, 12_520, 14_665, 15_123, 18_797, 19_814, 19_889, 3_027, 313_922, 625_029,
        48_993, 214_433,
    ];
    let two = [
        46, 77, 813, 957, 501_573, 654_999, 669_713, 678_519, 120_284, 137_328, 143_444, 150_369, 184_652, 187_500,
        248_293, 341_758, 1_000_474, 1_011_815, 1_012_547, 305_829, 2_057_917, 2_097_637, 66_215, 512_848, 548_076,
    ];
    let three = [
        26, 741, 781, 1_175, 1_975, 3_400, 3_765, 3_895, 3_956, 657_427, 662_136, 33_722, 85_893, 155_611, 262_565,
        275_925, 278_663, 341_615, 354_280, 1_013_949, 1_039_534, 22_939, 178_207, 344_788, 2_018_713, 2_073_105,
        2_078_651, 2_121_126, 660_440, 887_125,
    ];
    for (nodes, seeds) in [(1, &one[..]), (2, &two[..]), (3, &three[..])] {
        for seed in seeds {
            let run = run(*seed, Traced::No, Some(nodes));
            let again = format!("cargo xtask sim --nodes {nodes} --seed {seed} --trace");
            assert!(run.violations.is_empty(), "{again}\n{:#?}", run.violations);
        }
    }
}

#[test]
fn a_seed_is_the_same_history_whenever_and_wherever_it_runs() {
    let seeds: Vec<u64> = (40..60).collect();
    let hashes = |seeds: &[u64]| seeds.iter().map(|seed| run(*seed, Traced::No, None).hash).collect::<Vec<_>>();
    let first = hashes(&seeds);
    let mut sorted = first.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), seeds.len(), "two seeds are one");
    let others: Vec<_> = (0..3).map(|_| seeds.clone()).map(|seeds| thread::spawn(move || hashes(&seeds))).collect();
    for other in others {
        assert_eq!(other.join().expect("no panic"), first);
    }
    // Those of several nodes, whatever they find.
    let many = || seeds.iter().map(|seed| run(*seed, Traced::No, Some(3)).hash).collect::<Vec<_>>();
    assert_eq!(many(), many());
    let lines = run(seeds[0], Traced::Yes, None);
    assert!(lines.hash == first[0] && lines.lines.len() > 100, "a trace changes nothing");
}
