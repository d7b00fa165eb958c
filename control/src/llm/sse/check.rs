//! What must hold for any bytes whatever: the body of the fuzz target `sse`.

use super::{EventTooLong, SseDecoder};

/// Small, so that events that are too long are found, too.
const LIMIT: usize = 48;

type Told = Vec<Result<(String, String), EventTooLong>>;

/// Checks that the bytes mean the same events however they are cut, and that events written anew
/// are read back.
///
/// # Panics
/// When that is not so.
pub fn check_any_bytes(bytes: &[u8]) {
    let whole = decode([bytes]);
    assert_eq!(decode(bytes.chunks(1)), whole, "byte by byte");
    // The first byte says where to cut, so that the fuzzer can choose.
    let size = bytes.first().map_or(1, |&b| usize::from(b % 7) + 2);
    assert_eq!(decode(bytes.chunks(size)), whole, "in pieces of {size}");
    check_round_trip(&whole);
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let mut decoder = SseDecoder::with_limit(LIMIT);
    let mut told = Vec::new();
    for piece in pieces {
        let mut events = decoder.feed(piece);
        while let Some(event) = events.next() {
            told.push(event.map(|event| (event.name.into_owned(), event.data.into_owned())));
        }
    }
    told
}

fn check_round_trip(told: &Told) {
    let mut written = Vec::new();
    let mut expected = Vec::new();
    for (name, data) in told.iter().flatten() {
        // A character that was replaced may have grown beyond the bounds.
        if name.contains('\u{fffd}') || data.len() > LIMIT {
            continue;
        }
        let lines = data.split('\n').map(|line| format!("data: {line}\n"));
        written.push(format!("event: {name}\n{}\n", lines.collect::<String>()));
        expected.push(Ok((name.clone(), data.clone())));
    }
    let written = written.concat();
    assert_eq!(decode([written.as_bytes()]), expected, "{written:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_cut_to_the_same_length_however_it_arrives() {
        let name = "n".repeat(100);
        check_any_bytes(format!("data\nevent: {name}\n\n").as_bytes());
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_events(
            body in "((data|event|id|)(:| |: )[a-cé\u{2028}{}\":]{0,24}(\n|\r\n|\r|\n\n|\r\n\r\n|\r\r)){0,12}",
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let bytes = body.as_bytes();
            check_any_bytes(bytes);
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
            prop_assert_eq!(decode(pieces), decode([bytes]), "cut at {:?}", cuts);
        }

        #[test]
        fn any_bytes_pass_the_check_of_the_fuzzer(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            check_any_bytes(&bytes);
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_pass_its_check() {
        for seed in [
            &include_bytes!("../../../../fuzz/seeds/sse/answer")[..],
            include_bytes!("../../../../fuzz/seeds/sse/line_ends"),
        ] {
            assert!(!decode([seed]).is_empty());
            check_any_bytes(seed);
        }
    }
}
