//! A number for a whole run: two runs told the same events in the same order if their numbers are the same.
//!
//! Every event goes in with its instant, its sequence number and each field of its fact. What serde would write is mixed
//! instead, word by word: names are not in it, but the place of each variant in its list is, so facts and reasons are only
//! ever appended. The number is the same in debug and release builds and on every machine; nothing in it depends on the
//! width of a pointer, on the order of bytes, or on a library.

use std::fmt;

use serde::ser::{self, Serialize};

use crate::engine::Event;

/// Mixes events into one number of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHash {
    state: u64,
    events: u64,
}

impl Default for TraceHash {
    fn default() -> TraceHash {
        TraceHash::new()
    }
}

/// Odd constants with no pattern: the fractional parts of √2 and √3, as 64-bit fractions.
const START: u64 = 0x6a09_e667_f3bc_c908;
const SPREAD: u64 = 0xbb67_ae85_84ca_a73b;

impl TraceHash {
    /// No event yet.
    pub const fn new() -> TraceHash {
        TraceHash { state: START, events: 0 }
    }

    /// Takes in the next event.
    #[inline]
    pub fn event(&mut self, event: &Event) {
        self.events += 1;
        let mut words = Words { state: self.state };
        words.word(event.seq);
        words.word(event.at.as_micros());
        // Writing into words cannot fail: every method of the writer says so.
        let _ = event.fact.serialize(&mut words);
        self.state = words.state;
    }

    /// Takes in another run's number, for a number over several runs: their order counts.
    pub fn merge(&mut self, other: &TraceHash) {
        let mut words = Words { state: self.state };
        words.word(other.value());
        self.state = words.state;
        self.events += other.events;
    }

    /// The number.
    pub const fn value(&self) -> u64 {
        let mixed = fold(self.state ^ self.events, SPREAD);
        fold(mixed ^ START, SPREAD)
    }

    /// How many events went in.
    pub const fn events(&self) -> u64 {
        self.events
    }
}

impl fmt::Display for TraceHash {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.value())
    }
}

/// The product of two words, its halves added bit by bit.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

struct Words {
    state: u64,
}

impl Words {
    /// One multiplication a word. The word is also added after it, so that a state that came out as zero forgets nothing.
    #[inline(always)]
    fn word(&mut self, word: u64) {
        self.state = fold(self.state ^ word, SPREAD).wrapping_add(word.rotate_left(32)).wrapping_add(START);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }
}

/// Nothing goes wrong in mixing.
#[derive(Debug)]
enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    /// No value in an event refuses to be written: ids, numbers, words of a list, and nothing of one's own making.
    fn custom<T: fmt::Display>(message: T) -> Never {
        unreachable!("an event's field refused to be written: {message}")
    }
}

macro_rules! numbers {
    ($($method:ident $type:ty;)*) => {
        $(#[inline(always)]
        fn $method(self, value: $type) -> Result<(), Never> {
            self.word(value as u64);
            Ok(())
        })*
    };
}

impl ser::Serializer for &mut Words {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
    }

    fn serialize_char(self, value: char) -> Result<(), Never> {
        self.word(u64::from(value));
        Ok(())
    }
    fn serialize_f32(self, value: f32) -> Result<(), Never> {
        self.word(value.to_bits().into());
        Ok(())
    }
    fn serialize_f64(self, value: f64) -> Result<(), Never> {
        self.word(value.to_bits());
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Result<(), Never> {
        self.bytes(value.as_bytes());
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Never> {
        self.bytes(value);
        Ok(())
    }
    #[inline(always)]
    fn serialize_none(self) -> Result<(), Never> {
        self.word(0);
        Ok(())
    }
    #[inline(always)]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        self.word(1);
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Never> {
        self.word(0);
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Never> {
        self.word(0);
        Ok(())
    }
    #[inline(always)]
    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Result<(), Never> {
        self.word(variant.into());
        Ok(())
    }
    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }
    #[inline(always)]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        self.word(variant.into());
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Never> {
        self.word(length.map_or(u64::MAX, |length| length as u64));
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, Never> {
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }
    fn serialize_tuple_variant(self, _: &'static str, variant: u32, _: &'static str, _: usize) -> Result<Self, Never> {
        self.word(variant.into());
        Ok(self)
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Self, Never> {
        self.serialize_seq(length)
    }
    #[inline(always)]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }
    #[inline(always)]
    fn serialize_struct_variant(self, _: &'static str, variant: u32, _: &'static str, _: usize) -> Result<Self, Never> {
        self.word(variant.into());
        Ok(self)
    }
    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! parts {
    ($($trait:ident $method:ident;)*) => {
        $(impl ser::$trait for &mut Words {
            type Ok = ();
            type Error = Never;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result<(), Never> {
                Ok(())
            }
        })*
    };
}

parts! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! named_parts {
    ($($trait:ident)*) => {
        $(impl ser::$trait for &mut Words {
            type Ok = ();
            type Error = Never;
            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Never> {
                value.serialize(&mut **self)
            }
            #[inline(always)]
            fn end(self) -> Result<(), Never> {
                Ok(())
            }
        })*
    };
}

named_parts! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for &mut Words {
    type Ok = ();
    type Error = Never;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        key.serialize(&mut **self)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), Never> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{Fact, event::Cause, input::Origin},
        id::{AgentId, CallId, LanguageId, NodeId, QueueId, ScriptVersion},
        script::model::{IntentId, Outcome},
        time::{Duration, Instant},
    };

    fn of(events: &[Event]) -> u64 {
        let mut hash = TraceHash::new();
        events.iter().for_each(|event| hash.event(event));
        hash.value()
    }

    fn event(seq: u64, at: u64, fact: Fact) -> Event {
        Event { seq, at: Instant(at), fact }
    }

    fn arrival(change: impl FnOnce(&mut Origin)) -> Event {
        let mut origin = Origin { lot: 7, attempt: 1, intent: Some(IntentId(2)), region: 3 };
        change(&mut origin);
        let fact = Fact::CallArrived {
            call: CallId(1),
            version: ScriptVersion(1),
            language: LanguageId(0),
            has_number: true,
            promised_in: None,
            origin: Some(origin),
        };
        event(1, 5, fact)
    }

    #[test]
    fn any_changed_field_changes_the_number() {
        let answer = |call, agent, queue, waited| {
            let (call, agent, queue) = (CallId(call), AgentId(agent), QueueId(queue));
            Fact::CallAnswered { call, agent, queue, waited: Duration::from_micros(waited) }
        };
        let end = |outcome, cause, node| Fact::CallEnded { call: CallId(1), outcome, cause, node: NodeId(node) };
        let mut unknown = arrival(|_| ());
        if let Fact::CallArrived { origin, .. } = &mut unknown.fact {
            *origin = None;
        }
        let numbers = [
            of(&[]),
            of(&[unknown]),
            of(&[arrival(|_| ())]),
            of(&[arrival(|origin| origin.lot = 8)]),
            of(&[arrival(|origin| origin.attempt = 2)]),
            of(&[arrival(|origin| origin.intent = None)]),
            of(&[arrival(|origin| origin.intent = Some(IntentId(0)))]),
            of(&[arrival(|origin| origin.region = 4)]),
            of(&[event(1, 5, answer(1, 2, 3, 4))]),
            of(&[event(2, 5, answer(1, 2, 3, 4))]),
            of(&[event(1, 6, answer(1, 2, 3, 4))]),
            of(&[event(1, 5, answer(2, 2, 3, 4))]),
            of(&[event(1, 5, answer(1, 3, 3, 4))]),
            of(&[event(1, 5, answer(1, 2, 4, 4))]),
            of(&[event(1, 5, answer(1, 2, 3, 5))]),
            of(&[event(1, 5, end(Outcome::Contained, Cause::ScriptEnded, 1))]),
            of(&[event(1, 5, end(Outcome::Own(0), Cause::ScriptEnded, 1))]),
            of(&[event(1, 5, end(Outcome::Own(1), Cause::ScriptEnded, 1))]),
            of(&[event(1, 5, end(Outcome::Contained, Cause::CallerHungUp, 1))]),
            of(&[event(1, 5, end(Outcome::Contained, Cause::ScriptEnded, 2))]),
            of(&[event(1, 5, Fact::CallRefused)]),
            of(&[event(1, 5, Fact::CallRefused), event(2, 5, Fact::CallRefused)]),
        ];
        let mut distinct = numbers.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), numbers.len(), "{numbers:x?}");
    }

    #[test]
    fn the_number_is_fixed_for_good() {
        let story = [arrival(|_| ()), event(2, 9, Fact::CallRefused)];
        assert_eq!(format!("{:016x}", of(&story)), "ea07160876e10190");
        let mut hash = TraceHash::new();
        story.iter().for_each(|event| hash.event(event));
        assert_eq!((hash.to_string(), hash.events()), ("ea07160876e10190".to_owned(), 2));
    }

    #[test]
    fn the_order_of_runs_counts() {
        let (mut one, mut other) = (TraceHash::new(), TraceHash::new());
        one.event(&event(1, 1, Fact::CallRefused));
        other.event(&event(1, 2, Fact::CallRefused));
        let (mut a, mut b) = (one, other);
        a.merge(&other);
        b.merge(&one);
        assert_ne!(a.value(), b.value());
    }
}
