//! What the keys of an object say that it is: a record, a wrapping around one, a list of them.

/// What the keys of an object, at its own level, say that it is.
#[derive(Clone, Copy, Default)]
pub(super) struct Notes {
    marks: u16,
    spans: [Span; SPANS],
}

/// Where a value lies, counted from the start of the object; empty when there is none.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub from: usize,
    pub to: usize,
}

const EVENT_NAME: u16 = 1;
const EVENT_REST: u16 = 2;
const ENTRY: u16 = 4;
const DIGEST_START: u16 = 8;
const DIGEST_OBJECT: u16 = 16;
const LIST: u16 = 32;

/// A value that may hold a record.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
pub(super) enum Inner {
    CloudTrailEvent,
    Detail,
    DetailType,
    JsonPayload,
    Message,
    Data,
}

const SPANS: usize = 6;

/// A key that opens a list of records.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum List {
    Records,
    Lookup,
    LogEvents,
    Entries,
}

/// What a key says of the object that it is in; with marks to set.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Plain,
    Mark(u16),
    Inner(Inner, u16),
    List(List),
}

/// What a key says.
pub(super) fn key(name: &[u8]) -> Key {
    match name {
        b"eventName" | b"eventname" => Key::Mark(EVENT_NAME),
        b"eventVersion" | b"eventSource" | b"eventTime" | b"eventID" => Key::Mark(EVENT_REST),
        b"eventversion" | b"eventsource" | b"eventtime" | b"eventid" => Key::Mark(EVENT_REST),
        b"protoPayload" | b"protopayload_auditlog" | b"logName" | b"logname" => Key::Mark(ENTRY),
        b"insertId" | b"insertid" | b"textPayload" => Key::Mark(ENTRY),
        b"jsonPayload" => Key::Inner(Inner::JsonPayload, ENTRY),
        b"digestStartTime" => Key::Mark(DIGEST_START),
        b"digestS3Object" => Key::Mark(DIGEST_OBJECT),
        b"CloudTrailEvent" => Key::Inner(Inner::CloudTrailEvent, 0),
        b"detail" => Key::Inner(Inner::Detail, 0),
        b"detail-type" => Key::Inner(Inner::DetailType, 0),
        b"message" => Key::Inner(Inner::Message, 0),
        b"data" => Key::Inner(Inner::Data, 0),
        b"Records" => Key::List(List::Records),
        b"Events" => Key::List(List::Lookup),
        b"events" | b"logEvents" => Key::List(List::LogEvents),
        b"entries" => Key::List(List::Entries),
        _ => Key::Plain,
    }
}

impl Notes {
    pub fn mark(&mut self, mark: u16) {
        self.marks |= mark;
    }

    pub fn found_list(&mut self) {
        self.marks |= LIST;
    }

    pub fn note(&mut self, inner: Inner, span: Span) {
        self.spans[inner as usize] = span;
    }

    pub fn is_cloudtrail(&self) -> bool {
        self.marks & EVENT_NAME != 0 && self.marks & EVENT_REST != 0
    }

    /// Whether it may be a record by its own keys, without looking inside.
    pub fn is_record(&self) -> bool {
        self.marks & (EVENT_NAME | EVENT_REST | ENTRY) != 0
    }

    pub fn is_entry(&self) -> bool {
        self.marks & ENTRY != 0
    }

    pub fn is_digest(&self) -> bool {
        self.marks & DIGEST_START != 0 && self.marks & DIGEST_OBJECT != 0 && !self.is_record()
    }

    pub fn has_list(&self) -> bool {
        self.marks & LIST != 0
    }

    pub fn inner(&self, which: Inner) -> Option<Span> {
        let span = self.spans[which as usize];
        (span.to > span.from).then_some(span)
    }

    /// Whether this is just an item to hand on: the usual case, so one comparison a span.
    pub fn is_bare(&self) -> bool {
        self.marks & DIGEST_OBJECT == 0 && self.spans.iter().all(|s| s.to == 0)
    }
}
