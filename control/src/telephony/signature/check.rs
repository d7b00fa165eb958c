//! What the fuzzer and the tests check of any request.

use super::{Body, SignatureKey, SignatureRefused};

/// Checks that what was signed is believed, whatever else is not, and that nothing panics.
///
/// # Panics
/// When that is not so.
pub fn check_any_request(auth_token: &str, claimed: &str, url: &str, body: &[u8]) {
    let key = SignatureKey::new(auth_token);
    for body in [Body::None, Body::Form(body), Body::Raw(body)] {
        let Ok(signature) = key.sign(url, body) else {
            let refused = key.check("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", url, body);
            assert_eq!(refused, Err(SignatureRefused::OtherBody));
            continue;
        };
        assert_eq!(key.check(&signature, url, body), Ok(()), "our own");
        let other = SignatureKey::new(&format!("{auth_token}+"));
        let refused = other.check(&signature, url, body);
        assert_eq!(refused, Err(SignatureRefused::Wrong), "another account's");
        // A stranger's guess; whoever hits upon the right one has broken HMAC.
        if key.check(claimed, url, body).is_ok() {
            assert_eq!(claimed.len(), signature.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_request_passes_the_check_of_the_fuzzer(
            auth_token in ".{0,8}",
            claimed in "[A-Za-z0-9+/]{27}=|.{0,30}",
            url in "(https?|wss?)://[a-z.:0-9\\[\\]@]{0,12}[/?&=%a-z' é]{0,16}|.{0,16}",
            body in "[A-Ca-c&=%+0-9]{0,24}|.{0,16}",
        ) {
            check_any_request(&auth_token, &claimed, &url, body.as_bytes());
        }

        #[test]
        fn a_form_is_signed_whatever_the_order_of_its_members(
            mut pairs in proptest::collection::vec("[A-Da-d]{1,2}=[a-c]{0,2}", 1..6),
        ) {
            let key = SignatureKey::new("token");
            let url = "https://otto.example/hook";
            let there = pairs.join("&");
            pairs.reverse();
            let back = pairs.join("&");
            prop_assert_eq!(
                key.sign(url, Body::Form(there.as_bytes())),
                key.sign(url, Body::Form(back.as_bytes()))
            );
        }
    }
}
