//! Where an area code and a state are, by time zone. A state or an area code across a border of zones
//! is in both. By the North American numbering plan as of 2026; what is not listed here, such as
//! toll-free numbers, Canada and codes to come, may be anywhere.

use storage::customer::Phone;

const EASTERN: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const ARIZONA: &str = "America/Phoenix";
const PACIFIC: &str = "America/Los_Angeles";
const ALASKA: &str = "America/Anchorage";
const ALEUTIAN: &str = "America/Adak";
const HAWAII: &str = "Pacific/Honolulu";
const ATLANTIC: &str = "America/Puerto_Rico";
const GUAM: &str = "Pacific/Guam";
const SAMOA: &str = "Pacific/Pago_Pago";

/// The zones of the fifty states. Where nothing is known, all of them.
pub(super) const EVERYWHERE: [&str; 8] = [
    EASTERN, CENTRAL, MOUNTAIN, ARIZONA, PACIFIC, ALASKA, ALEUTIAN, HAWAII,
];

type Zones = &'static [&'static str];

/// The zones of a number's area code; nothing for one we do not know.
pub(super) fn of_number(phone: &Phone) -> Option<Zones> {
    let area: u16 = phone.national().get(..3)?.parse().ok()?;
    let known = AREAS.iter().find(|(_, areas)| areas.contains(&area));
    known.map(|(zones, _)| *zones)
}

/// The zones of a state, by its two letters.
pub(super) fn of_state(state: &str) -> Option<Zones> {
    let state = state.trim();
    let spelled = |known: &&str| known.eq_ignore_ascii_case(state);
    let known = STATES.iter().find(|(_, states)| states.iter().any(spelled));
    known.map(|(zones, _)| *zones)
}

const STATES: [(Zones, &[&str]); 15] = [
    (
        &[EASTERN],
        &[
            "CT", "DC", "DE", "GA", "MA", "MD", "ME", "NC", "NH", "NJ", "NY", "OH", "PA", "RI",
            "SC", "VA", "VT", "WV",
        ],
    ),
    (&[EASTERN, CENTRAL], &["FL", "IN", "KY", "MI", "TN"]),
    (
        &[CENTRAL],
        &["AL", "AR", "IA", "IL", "LA", "MN", "MO", "MS", "OK", "WI"],
    ),
    (&[CENTRAL, MOUNTAIN], &["KS", "ND", "NE", "SD", "TX"]),
    (&[MOUNTAIN], &["CO", "MT", "NM", "UT", "WY"]),
    (&[MOUNTAIN, ARIZONA], &["AZ"]),
    (&[MOUNTAIN, PACIFIC], &["ID", "NV", "OR"]),
    (&[PACIFIC], &["CA", "WA"]),
    (&[ALASKA, ALEUTIAN], &["AK"]),
    (&[HAWAII], &["HI"]),
    (&[ATLANTIC], &["PR"]),
    (&[ATLANTIC], &["VI"]),
    (&[GUAM], &["GU"]),
    (&[GUAM], &["MP"]),
    (&[SAMOA], &["AS"]),
];

const AREAS: [(Zones, &[u16]); 15] = [
    (
        &[EASTERN],
        &[
            201, 202, 203, 207, 212, 215, 216, 220, 223, 227, 229, 231, 234, 239, 240, 248, 252,
            260, 267, 269, 272, 276, 283, 301, 302, 304, 305, 313, 315, 317, 321, 324, 326, 329,
            330, 332, 336, 339, 347, 351, 352, 363, 380, 386, 401, 404, 407, 410, 412, 413, 419,
            434, 436, 440, 443, 445, 463, 470, 472, 475, 478, 484, 508, 513, 516, 517, 518, 540,
            551, 561, 567, 570, 571, 582, 585, 586, 603, 607, 609, 610, 614, 616, 617, 624, 631,
            640, 645, 646, 656, 667, 678, 679, 680, 681, 686, 689, 703, 704, 706, 716, 717, 718,
            724, 727, 728, 732, 734, 740, 743, 754, 757, 762, 765, 770, 771, 772, 774, 781, 786,
            802, 803, 804, 810, 813, 814, 821, 826, 828, 835, 838, 839, 843, 845, 848, 854, 856,
            857, 859, 860, 862, 863, 864, 865, 878, 904, 908, 910, 912, 914, 917, 919, 929, 934,
            937, 941, 943, 947, 948, 954, 959, 973, 978, 980, 984, 989,
        ],
    ),
    (
        &[EASTERN, CENTRAL],
        &[
            219, 270, 364, 423, 448, 502, 574, 606, 729, 812, 850, 906, 930, 931,
        ],
    ),
    (
        &[CENTRAL],
        &[
            205, 210, 214, 217, 218, 224, 225, 228, 235, 251, 254, 256, 262, 274, 281, 309, 312,
            314, 316, 318, 319, 320, 325, 327, 331, 334, 337, 346, 353, 361, 402, 405, 409, 414,
            417, 430, 447, 457, 464, 469, 471, 479, 483, 501, 504, 507, 512, 515, 531, 534, 539,
            557, 563, 572, 573, 580, 601, 608, 612, 615, 618, 621, 629, 630, 636, 641, 651, 659,
            660, 662, 682, 708, 712, 713, 715, 726, 730, 731, 737, 763, 769, 773, 779, 806, 815,
            816, 817, 830, 832, 847, 861, 870, 872, 901, 903, 913, 918, 920, 924, 936, 938, 940,
            945, 952, 956, 972, 975, 979, 985,
        ],
    ),
    (&[CENTRAL, MOUNTAIN], &[308, 432, 605, 620, 701, 785]),
    (
        &[MOUNTAIN],
        &[
            303, 307, 385, 406, 435, 505, 575, 719, 720, 748, 801, 915, 970, 983,
        ],
    ),
    (&[ARIZONA], &[480, 520, 602, 623]),
    (&[MOUNTAIN, ARIZONA], &[928]),
    (&[MOUNTAIN, PACIFIC], &[208, 458, 541, 775, 986]),
    (
        &[PACIFIC],
        &[
            206, 209, 213, 253, 279, 310, 323, 341, 350, 357, 360, 369, 408, 415, 424, 425, 442,
            503, 509, 510, 530, 559, 562, 564, 619, 626, 628, 650, 657, 661, 669, 702, 707, 714,
            725, 738, 747, 760, 805, 818, 820, 831, 837, 840, 858, 909, 916, 925, 949, 951, 971,
        ],
    ),
    (&[ALASKA, ALEUTIAN], &[907]),
    (&[HAWAII], &[808]),
    (&[ATLANTIC], &[787, 939]),
    (&[ATLANTIC], &[340]),
    (&[GUAM], &[670, 671]),
    (&[SAMOA], &[684]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn every_zone_exists_and_every_code_stands_once() {
        let mut codes = BTreeSet::new();
        for (zones, areas) in AREAS {
            assert!(zones.iter().all(|name| TimeZone::get(name).is_ok()));
            assert!(areas.is_sorted(), "{areas:?}");
            for area in areas {
                assert!((200..1000).contains(area) && codes.insert(*area), "{area}");
            }
        }
        let states: BTreeSet<&str> = STATES
            .iter()
            .flat_map(|(_, states)| *states)
            .copied()
            .collect();
        assert_eq!(states.len(), 56, "fifty, the capital's, five territories");
        assert_eq!(
            STATES.iter().map(|(_, states)| states.len()).sum::<usize>(),
            56
        );
    }

    #[test]
    fn a_code_is_where_it_is() {
        for (number, zones) in [
            ("217-555-0101", &[CENTRAL][..]),
            ("212-555-0101", &[EASTERN]),
            ("602-555-0101", &[ARIZONA]),
            ("850-555-0101", &[EASTERN, CENTRAL]),
            ("463-555-0101", &[EASTERN]),
            ("731-555-0101", &[CENTRAL]),
        ] {
            let phone = Phone::parse(number).expect("a number");
            assert_eq!(of_number(&phone), Some(zones), "{number}");
        }
        for unknown in ["800-555-0101", "416-555-0101"] {
            assert_eq!(of_number(&Phone::parse(unknown).expect("a number")), None);
        }
        assert_eq!(of_state(" il "), Some(&[CENTRAL][..]));
        assert_eq!(of_state("Illinois"), None);
    }
}
