use super::*;

/// The token, URL and form of the vectors that Twilio's SDKs are tested with.
const TOKEN: &str = "12345";
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const FORM: &[u8] = b"Digits=1234&To=%2B18005551212&CallSid=CA1234567890ABCDE\
                      &From=%2B14158675309&Caller=%2B14158675309";
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
const HASH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
const JSON: &[u8] = br#"{"property": "value", "boolean": true}"#;

fn check(signature: &str, url: &str, body: Body<'_>) -> Result<(), SignatureRefused> {
    SignatureKey::new(TOKEN).check(signature, url, body)
}

fn signed(url: &str, body: Body<'_>) -> String {
    SignatureKey::new(TOKEN).sign(url, body).expect("signable")
}

#[test]
fn the_published_vectors_are_believed() {
    let hashed = format!("{URL}&bodySHA256={HASH}");
    let only_hash = format!("https://mycompany.com/myapp.php?bodySHA256={HASH}");
    let (http, port) = (
        URL.replace("https", "http"),
        URL.replace(".com", ".com:1234"),
    );
    let http_port = port.replace("https", "http");
    let with_user = URL.replace("://", "://user:pass@");
    let form = Body::Form(FORM);
    for (signature, url, body) in [
        (SIGNATURE, URL, form),
        (SIGNATURE, &port, form),
        ("kvajT1Ptam85bY51eRf/AJRuM3w=", URL, form),
        ("0ZXoZLH/DfblKGATFgpif+LLRf4=", &http, form),
        ("CYn1h0gLBdNxDGkKJg6hYohgeD8=", &port, form),
        ("Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", &http_port, form),
        ("a9nBmqA0ju/hNViExpshrM61xv4=", &hashed, Body::Raw(JSON)),
        ("y77kIzt2vzLz71DgmJGsen2scGs=", &only_hash, Body::Raw(JSON)),
        ("CukzLTc1tT5dXEDIHm/tKBanW10=", &with_user, form),
        ("ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=", &with_user, form),
        (
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            URL,
            Body::Form(b"SidAccount=AC123&Digits=5678&Sid=CA123&Digits=1234&Digits=1234"),
        ),
    ] {
        assert_eq!(check(signature, url, body), Ok(()), "{signature} {url}");
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    let form = Body::Form(FORM);
    let wrong = Err(SignatureRefused::Wrong);
    let altered = [FORM, b"&New=1"].concat();
    assert_eq!(check(SIGNATURE, URL, Body::Form(&altered)), wrong);
    assert_eq!(check(SIGNATURE, URL, Body::None), wrong);
    for url in [
        "https://mycompany.com/myapp.php?foo=1&bar=3",
        "https://mycompany.com/myapp.php/?foo=1&bar=2",
        "https://mycompany.com/MyApp.php?foo=1&bar=2",
        "https://mycompany.com/myapp%2Ephp?foo=1&bar=2",
        "http://mycompany.com/myapp.php?foo=1&bar=2",
        "https://evil.example/myapp.php?foo=1&bar=2",
    ] {
        assert_eq!(check(SIGNATURE, url, form), wrong, "{url}");
    }
    let other = SignatureKey::new("54321");
    assert_eq!(other.check(SIGNATURE, URL, form), wrong);
}

#[test]
fn what_is_no_signature_is_refused_as_such() {
    let (unpadded, short) = (SIGNATURE.trim_end_matches('='), STANDARD.encode([0; 19]));
    let long = STANDARD.encode([0; 21]);
    let loose = SIGNATURE.replace("8=", "9=");
    let spaced = format!("{SIGNATURE} ");
    let url_safe = SIGNATURE.replace('/', "_");
    let huge = "A".repeat(10_000);
    for text in [
        "", "FAIL", "é", "%%%", unpadded, &short, &long, &loose, &spaced, &url_safe, &huge,
    ] {
        let refused = check(text, URL, Body::Form(FORM));
        assert_eq!(refused, Err(SignatureRefused::Malformed), "{text:?}");
    }
}

#[test]
fn names_are_sorted_and_not_what_they_make_with_their_values() {
    // Joined with their values the names would sort the other way: "Reasonx" > "ReasonConference".
    let form = b"ReasonConferenceEnded=a&Reason=x";
    assert_eq!(in_order(form), "ReasonxReasonConferenceEndeda");
    assert_eq!(in_order(b"b=1&B=2&a=3&A=4"), "A4B2a3b1", "by case");
    let beyond = "\u{10000}=1&\u{ff61}=2".as_bytes();
    assert_eq!(in_order(beyond), "\u{10000}1\u{ff61}2", "by code unit");
}

#[test]
fn an_empty_value_still_gives_its_name() {
    assert_eq!(in_order(b"B=&A=1&C"), "A1BC");
    assert_eq!(in_order(b""), "");
}

#[test]
fn values_are_decoded_and_the_url_is_not() {
    assert_eq!(in_order(b"A=%2B1+2%26%C3%A9"), "A+1 2&é");
    let url = "https://otto.example/a%20b?c=%2B1";
    let signature = signed(url, Body::None);
    assert_eq!(check(&signature, url, Body::None), Ok(()));
    let decoded = "https://otto.example/a b?c=+1";
    let refused = check(&signature, decoded, Body::None);
    assert_eq!(refused, Err(SignatureRefused::Wrong));
}

#[test]
fn json_is_believed_by_the_hash_of_its_very_bytes() {
    let url = format!("{URL}&bodySHA256={HASH}");
    let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
    let again = br#"{"boolean":true,"property":"value"}"#;
    let refused = check(signature, &url, Body::Raw(again));
    assert_eq!(refused, Err(SignatureRefused::OtherBody), "serialised anew");
    let upper = format!("{URL}&bodySHA256={}", HASH.to_uppercase());
    let refused = check(&signed(&upper, Body::None), &upper, Body::Raw(JSON));
    assert_eq!(refused, Err(SignatureRefused::OtherBody), "lower case only");
    let refused = check(&signed(URL, Body::None), URL, Body::Raw(JSON));
    assert_eq!(refused, Err(SignatureRefused::OtherBody), "no hash at all");
}

#[test]
fn a_get_has_its_parameters_in_the_url_alone() {
    let url = "https://otto.example/hook?CallSid=CA1&From=%2B12175550101";
    assert_eq!(check(&signed(url, Body::None), url, Body::None), Ok(()));
}

#[test]
fn the_port_may_be_signed_or_not() {
    for (signed_as, seen_as) in [
        ("wss://otto.example/s", "wss://otto.example:443/s"),
        ("wss://otto.example:443/s", "wss://otto.example/s"),
        ("ws://otto.example:80/s", "ws://otto.example/s"),
        ("https://otto.example/s", "https://otto.example:8443/s"),
        ("https://otto.example:8443/s", "https://otto.example:8443/s"),
        ("http://[2001:db8::1]/s", "http://[2001:db8::1]:80/s"),
        ("http://[2001:db8::1]:80/s", "http://[2001:db8::1]/s"),
        ("https://otto.example:443?a=:1", "https://otto.example?a=:1"),
    ] {
        let signature = signed(signed_as, Body::None);
        assert_eq!(check(&signature, seen_as, Body::None), Ok(()), "{seen_as}");
    }
    let elsewhere = signed("https://otto.example:444/s", Body::None);
    let refused = check(&elsewhere, "https://otto.example:443/s", Body::None);
    assert_eq!(refused, Err(SignatureRefused::Wrong), "another port");
}

#[test]
fn an_older_encoding_of_the_query_is_tried_too() {
    let seen = "https://otto.example:443/it's?name=o'neil%20jr";
    for signed_as in [
        "https://otto.example:443/it's?name=o%27neil+jr",
        "https://otto.example/it's?name=o%27neil+jr",
    ] {
        let signature = signed(signed_as, Body::None);
        assert_eq!(check(&signature, seen, Body::None), Ok(()), "{signed_as}");
    }
}
