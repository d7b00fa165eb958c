//! Answers of the API, from bytes on.

use std::collections::HashMap;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use storage::calendar::EventRef;
use storage::slots::Interval;

use super::CalendarError;
use crate::calendar::event::{APPOINTMENT, MARK};
use crate::limits;
use crate::llm::complaint::{identifier, retry_after};

/// An event as the calendar has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub when: When,
    /// The appointment that we marked it with.
    pub ours: Option<i64>,
    /// Whether it makes its time busy.
    pub blocks: bool,
}

/// When an event is. Whole days have no zone of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Times(Interval),
    /// From the first day on, until before the second.
    Days(Date, Date),
}

/// A page of a list.
pub(super) struct Page {
    pub(super) events: Vec<Listed>,
    pub(super) next: Option<String>,
}

/// The body of an answer, up to [`limits::MAX_CALENDAR_ANSWER_BYTES`].
pub(super) async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, CalendarError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
        if body.len() + chunk.len() > limits::MAX_CALENDAR_ANSWER_BYTES {
            return Err(CalendarError::Garbage("too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How an exchange broke. A connection that never came about is that first, whatever the clock says.
pub(super) fn broken(error: &reqwest::Error) -> CalendarError {
    if error.is_connect() {
        CalendarError::Connect
    } else if error.is_timeout() {
        CalendarError::TimedOut
    } else {
        CalendarError::Dropped
    }
}

/// `{"calendars":{"…":{"busy":[…],"errors":[…]}}}`: a calendar that cannot be asked is an error
/// within a success.
pub(super) fn free_busy(body: &[u8], id: &str) -> Result<Vec<Interval>, CalendarError> {
    #[derive(Deserialize)]
    struct Answer {
        calendars: HashMap<String, Calendar>,
    }
    #[derive(Deserialize)]
    struct Calendar {
        #[serde(default)]
        busy: Vec<Busy>,
        #[serde(default)]
        errors: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Busy {
        start: Timestamp,
        end: Timestamp,
    }
    let mut answer: Answer = parse(body)?;
    // `primary` comes back under its name or under its owner's; it is the only one asked for.
    let calendar = match answer.calendars.remove(id) {
        Some(calendar) => calendar,
        None => answer
            .calendars
            .into_values()
            .next()
            .ok_or(CalendarError::Garbage("no calendar in it"))?,
    };
    if let Some(error) = calendar.errors.first() {
        return Err(match error.reason.as_str() {
            "notFound" => CalendarError::NoSuchCalendar,
            "internalError" | "backendError" => CalendarError::Failed { status: 200 },
            "rateLimitExceeded" => CalendarError::RateLimited { retry_after: None },
            reason => CalendarError::Forbidden {
                reason: word(reason),
            },
        });
    }
    Ok(calendar
        .busy
        .into_iter()
        .map(|busy| Interval {
            starts_at: busy.start,
            ends_at: busy.end,
        })
        .collect())
}

pub(super) fn page(body: &[u8]) -> Result<Page, CalendarError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        #[serde(default)]
        items: Vec<Item>,
        next_page_token: Option<String>,
    }
    let answer: Answer = parse(body)?;
    let events = answer.items.into_iter().filter_map(Item::listed);
    Ok(Page {
        events: events.collect(),
        next: answer.next_page_token,
    })
}

pub(super) fn written(body: &[u8]) -> Result<EventRef, CalendarError> {
    #[derive(Deserialize)]
    struct Written {
        id: String,
        etag: Option<String>,
    }
    let Written { id, etag } = parse(body)?;
    Ok(EventRef { id, etag })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    #[serde(default)]
    status: String,
    start: Option<Moment>,
    end: Option<Moment>,
    #[serde(default)]
    transparency: String,
    #[serde(default)]
    extended_properties: Properties,
    #[serde(default)]
    attendees: Vec<Attendee>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moment {
    date_time: Option<Timestamp>,
    date: Option<Date>,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default)]
    private: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attendee {
    #[serde(rename = "self", default)]
    is_us: bool,
    #[serde(default)]
    response_status: String,
}

impl Item {
    /// `None` for one that is deleted, or has no time.
    fn listed(self) -> Option<Listed> {
        if self.status == "cancelled" {
            return None;
        }
        let (start, end) = (self.start?, self.end?);
        let when = match (start.date_time.zip(end.date_time), start.date.zip(end.date)) {
            (Some((starts_at, ends_at)), _) => When::Times(Interval { starts_at, ends_at }),
            (None, Some((first, after))) => When::Days(first, after),
            (None, None) => return None,
        };
        let private = &self.extended_properties.private;
        let marked = private.get(MARK.0).is_some_and(|value| value == MARK.1);
        let appointment = private.get(APPOINTMENT).and_then(|id| id.parse().ok());
        let declined = self
            .attendees
            .iter()
            .any(|who| who.is_us && who.response_status == "declined");
        Some(Listed {
            id: self.id,
            when,
            ours: appointment.filter(|_| marked),
            blocks: self.transparency != "transparent" && !declined,
        })
    }
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// `{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}}`, or whatever a proxy says.
pub(super) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> CalendarError {
    #[derive(Default, Deserialize)]
    struct Refusal {
        #[serde(default)]
        error: Details,
    }
    #[derive(Default, Deserialize)]
    struct Details {
        #[serde(default)]
        errors: Vec<Reason>,
    }
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let reason = refusal.error.errors.first().map_or("", |e| &e.reason);
    let limited = || CalendarError::RateLimited {
        retry_after: retry_after(headers, now).map(|wait| wait.min(limits::MAX_RETRY_AFTER)),
    };
    match (status.as_u16(), reason) {
        (429, _) | (403, "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded") => {
            limited()
        }
        (401, _) => CalendarError::Unauthorized,
        (403, reason) => CalendarError::Forbidden {
            reason: word(reason),
        },
        (404 | 410, _) => CalendarError::NotFound,
        (408, _) => CalendarError::TimedOut,
        (409, _) => CalendarError::Exists,
        (412, _) => CalendarError::Changed,
        (status @ 500.., _) => CalendarError::Failed { status },
        (status, reason) => CalendarError::Refused {
            status,
            reason: word(reason),
        },
    }
}

/// `{"error":"invalid_grant","error_description":"…"}`
pub(super) fn token_refusal(status: StatusCode, body: &[u8]) -> CalendarError {
    #[derive(Default, Deserialize)]
    struct Refusal {
        #[serde(default)]
        error: String,
    }
    match status.as_u16() {
        429 => CalendarError::RateLimited { retry_after: None },
        status @ 500.. => CalendarError::Failed { status },
        _ => {
            let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
            CalendarError::Revoked {
                reason: word(&refusal.error),
            }
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CalendarError> {
    serde_json::from_slice(body)
        .map_err(|_| CalendarError::Garbage("not the JSON of this resource"))
}

/// A vendor's word, where it is one and not prose.
fn word(text: &str) -> String {
    identifier(text).unwrap_or("no reason given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, reason: &str) -> CalendarError {
        let body =
            format!(r#"{{"error":{{"errors":[{{"reason":"{reason}","message":"of Jane"}}]}}}}"#);
        let status = StatusCode::from_u16(status).expect("a status");
        refusal(
            status,
            &HeaderMap::new(),
            body.as_bytes(),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn not_every_403_is_the_same() {
        let limited = CalendarError::RateLimited { retry_after: None };
        assert_eq!(refused(403, "rateLimitExceeded"), limited);
        assert_eq!(refused(403, "userRateLimitExceeded"), limited);
        assert_eq!(refused(429, ""), limited);
        assert!(refused(403, "forbidden").is_the_accounts());
        assert!(
            refused(403, "forbidden for Jane Doe")
                .to_string()
                .contains("no reason given")
        );
        assert_eq!(refused(410, "deleted"), CalendarError::NotFound);
        assert_eq!(refused(412, ""), CalendarError::Changed);
        assert_eq!(refused(503, ""), CalendarError::Failed { status: 503 });
    }

    #[test]
    fn a_calendar_that_cannot_be_asked_is_no_free_calendar() {
        let body = br#"{"calendars":{"c":{"errors":[{"domain":"global","reason":"notFound"}],"busy":[]}}}"#;
        assert_eq!(free_busy(body, "c"), Err(CalendarError::NoSuchCalendar));
        let body = br#"{"calendars":{"owner@shop.example":{"busy":[
            {"start":"2026-11-24T09:00:00-06:00","end":"2026-11-24T16:00:00Z"}]}}}"#;
        let busy = free_busy(body, "primary").expect("busy");
        assert_eq!(busy.len(), 1);
        assert_eq!(busy[0].starts_at.to_string(), "2026-11-24T15:00:00Z");
    }

    #[test]
    fn what_was_deleted_is_not_listed_and_what_is_declined_blocks_nothing() {
        let at = r#""start":{"dateTime":"2026-11-24T15:00:00Z"},"end":{"dateTime":"2026-11-24T16:00:00Z"}"#;
        let body = format!(
            r#"{{"items":[{{"id":"a","status":"cancelled"}},
                {{"id":"b",{at},"attendees":[{{"self":true,"responseStatus":"declined"}}]}},
                {{"id":"c",{at},"transparency":"transparent"}},
                {{"id":"d","start":{{"date":"2026-11-24"}},"end":{{"date":"2026-11-25"}}}},
                {{"id":"e",{at},"extendedProperties":{{"private":{{"otto":"booking","otto_appointment":"7"}}}}}}
            ],"nextPageToken":"n"}}"#
        );
        let page = page(body.as_bytes()).expect("a page");
        assert_eq!(page.next.as_deref(), Some("n"));
        let told: Vec<_> = page
            .events
            .iter()
            .map(|e| (e.id.as_str(), e.blocks, e.ours))
            .collect();
        let foreign = None;
        assert_eq!(
            told,
            [
                ("b", false, foreign),
                ("c", false, foreign),
                ("d", true, foreign),
                ("e", true, Some(7))
            ]
        );
        assert!(matches!(page.events[2].when, When::Days(..)));
    }
}
