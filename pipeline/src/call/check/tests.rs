use proptest::prelude::*;

use super::*;

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (0_u8..60).prop_map(|ticks| Operation::Wait { ticks }),
        4 => (any::<bool>(), 0_u8..50, 1_u8..=160)
            .prop_map(|(speaks, frames, payload)| Operation::Caller { speaks, frames, payload }),
        4 => (1_u8..60).prop_map(|frames| Operation::Synthesise { frames }),
        2 => any::<u8>().prop_map(|samples| Operation::Finish { samples }),
        1 => any::<u8>().prop_map(|back| Operation::Retire { back }),
        1 => any::<bool>().prop_map(Operation::ReturnMarks),
        1 => any::<u8>().prop_map(|sequence| Operation::StrayMark { sequence }),
        1 => any::<bool>().prop_map(Operation::FillSocket),
        1 => any::<bool>().prop_map(|yes_no| Operation::Expect { yes_no }),
        2 => (0_u8..60).prop_map(|frames_ago| Operation::EndTurn { frames_ago }),
        2 => (any::<bool>(), any::<u8>())
            .prop_map(|(take_floor, back)| Operation::Words { take_floor, back }),
    ]
}

proptest! {
    #[test]
    fn any_course_of_a_call_passes_the_check_of_the_fuzzer(
        operations in prop::collection::vec(operation(), 0..40),
    ) {
        check_any_call(&operations);
    }
}

#[test]
fn the_voice_of_the_model_interrupts_the_agent() {
    let mut call = Call::default();
    let mut world = World::default();
    world.happen(
        &mut call,
        Operation::Caller {
            speaks: false,
            frames: 50,
            payload: 160,
        },
    );
    world.happen(&mut call, Operation::Synthesise { frames: 100 });
    world.happen(
        &mut call,
        Operation::Caller {
            speaks: true,
            frames: 50,
            payload: 160,
        },
    );
    assert_eq!(world.far_end.retired, Some(UtteranceId(0)));
    assert!(world.far_end.callers_turn);
}

#[test]
fn a_turn_may_be_cut_in_two_when_the_agent_has_gone_on_after_its_sound() {
    check_any_call(&[
        Operation::Synthesise { frames: 14 },
        Operation::Caller {
            speaks: true,
            frames: 9,
            payload: 1,
        },
        Operation::Words {
            take_floor: false,
            back: 0,
        },
        Operation::Caller {
            speaks: false,
            frames: 23,
            payload: 1,
        },
        Operation::EndTurn { frames_ago: 24 },
    ]);
}
