//! Writes HTML: what is markup and what is text is told apart at every call.

use std::fmt::{Display, Write as _};

/// A growing document.
#[derive(Debug, Default)]
pub(super) struct Html {
    out: String,
}

impl Html {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Text, or the value of a quoted attribute, whoever wrote it.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c if c.is_control() => self.out.push(' '),
                c => self.out.push(c),
            }
        }
    }

    /// Anything that prints, as text.
    pub(super) fn show(&mut self, value: impl Display) {
        self.text(&value.to_string());
    }

    /// `<tag class>text</tag>`.
    pub(super) fn element(&mut self, tag: &str, class: &str, text: &str) {
        // `tag` and `class` are literals of this module's callers.
        let _ = write!(self.out, "<{tag} class=\"{class}\">");
        self.text(text);
        let _ = write!(self.out, "</{tag}>");
    }

    /// Opens a block on the time axis: `class`, from `at_s`, `width_s` long, with a tooltip.
    pub(super) fn open_at(&mut self, class: &str, at_s: f64, width_s: f64, tip: &str) {
        let _ = write!(
            self.out,
            "<div class=\"{class}\" style=\"--t:{at_s:.3};--w:{:.3}\"",
            width_s.max(0.0)
        );
        if !tip.is_empty() {
            self.raw(" title=\"");
            self.text(tip);
            self.raw("\"");
        }
        self.raw(">");
    }

    pub(super) fn close(&mut self) {
        self.raw("</div>\n");
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}
