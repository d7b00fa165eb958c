//! How the net thread speaks to its voice thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use ringbuf::HeapProd;
use ringbuf::traits::Producer;

use crate::doorbell::Doorbell;
use crate::fact::{About, CallKey, Order};
use crate::time::Mono;

/// Gives orders; clones share the way.
///
/// An order is never lost: what the ring has no room for waits here, in order, until it has.
#[derive(Clone)]
pub(super) struct Orders {
    way: Rc<RefCell<Way>>,
}

struct Way {
    ring: HeapProd<About<Order>>,
    waiting: VecDeque<About<Order>>,
    bell: Doorbell,
}

impl Orders {
    pub(super) fn new(ring: HeapProd<About<Order>>, bell: Doorbell) -> Self {
        Self {
            way: Rc::new(RefCell::new(Way {
                ring,
                waiting: VecDeque::new(),
                bell,
            })),
        }
    }

    /// Gives one order, and wakes the voice thread for it.
    pub(super) fn give(&self, call: CallKey, order: Order) {
        let mut way = self.way.borrow_mut();
        way.waiting.push_back(About {
            call,
            at: Mono::now(),
            fact: order,
        });
        way.push_waiting();
    }

    /// Tries again what found no room.
    pub(super) fn retry(&self) {
        let mut way = self.way.borrow_mut();
        if !way.waiting.is_empty() {
            way.push_waiting();
        }
    }
}

impl Way {
    fn push_waiting(&mut self) {
        while let Some(order) = self.waiting.pop_front() {
            if let Err(order) = self.ring.try_push(order) {
                self.waiting.push_front(order);
                break;
            }
        }
        self.bell.ring();
    }
}
