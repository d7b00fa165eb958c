//! Consents and opt-outs: whose wish stands, in whatever order wishes come.

use jiff::Timestamp;
use storage::Store;
use storage::consent::Channel::{self, All, Sms, Voice};
use storage::customer::Phone;

use super::scene::at;

pub(crate) async fn consents_are_kept_with_their_source_and_an_opt_out_outweighs_them(
    store: Store,
) {
    let ann = Ann(&store);
    ann.is(Voice, (false, false)).await;
    for _ in 0..2 {
        ann.consents(Sms, at(1, 0)).await;
    }
    ann.is(Voice, (false, false)).await;
    ann.is(Sms, (true, false)).await;
    for _ in 0..2 {
        ann.opts_out(All, at(2, 0)).await;
    }
    ann.is(Voice, (false, true)).await;
    ann.is(Sms, (true, true)).await;
    // A consent afterwards does not lift it; the owner does.
    ann.consents(All, at(3, 0)).await;
    ann.is(Voice, (true, true)).await;
    ann.opts_in(Sms, at(4, 0)).await;
    ann.is(Voice, (true, true)).await;
    ann.is(Sms, (true, false)).await;
    let any = store.consents.is_opted_out(&ann.phone(), All).await;
    assert!(any.expect("readable"));
    ann.opts_out(Sms, at(5, 0)).await;
    ann.is(Sms, (true, true)).await;
}

pub(crate) async fn a_wish_that_comes_late_changes_nothing_that_was_wished_since(store: Store) {
    let ann = Ann(&store);
    ann.opts_out(Sms, at(1, 0)).await;
    // Said twice, it counts from the last time, whichever comes first.
    ann.opts_out(Sms, at(4, 0)).await;
    ann.opts_out(Sms, at(2, 0)).await;
    ann.opts_in(Sms, at(3, 0)).await;
    ann.is(Sms, (true, true)).await;
    ann.opts_in(Sms, at(6, 0)).await;
    ann.is(Sms, (true, false)).await;
    ann.opts_out(Sms, at(5, 0)).await;
    ann.is(Sms, (true, false)).await;
}

/// One number, and what its owner wishes.
struct Ann<'a>(&'a Store);

impl Ann<'_> {
    fn phone(&self) -> Phone {
        Phone::parse("217-555-0101").expect("a number")
    }

    async fn consents(&self, channel: Channel, at: Timestamp) {
        let kept = self
            .0
            .consents
            .consent(&self.phone(), channel, "sms", at)
            .await;
        kept.expect("written");
    }

    async fn opts_out(&self, channel: Channel, at: Timestamp) {
        let kept = self
            .0
            .consents
            .opt_out(&self.phone(), channel, "sms", at)
            .await;
        kept.expect("written");
    }

    async fn opts_in(&self, channel: Channel, at: Timestamp) {
        let kept = self
            .0
            .consents
            .opt_in(&self.phone(), channel, "sms", at)
            .await;
        kept.expect("written");
    }

    /// Whether she has consented, and whether she has opted out.
    async fn is(&self, channel: Channel, expected: (bool, bool)) {
        let standing = self
            .0
            .consents
            .standing(&self.phone(), channel, at(0, 0))
            .await;
        let standing = standing.expect("readable");
        assert_eq!(
            (standing.consented, standing.opted_out),
            expected,
            "{channel:?}"
        );
    }
}
