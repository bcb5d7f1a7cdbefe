//! `ply watch`: what happens, as it happens.

use futures::{FutureExt, StreamExt};
use ply_drive::{Event, Replica};
use ply_store::Store;
use ply_types::Path;
use serde_json::{Value, json};

use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Spelled, escape};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Watch {
    /// The drive
    drive: String,
}

/// One line of what is printed.
struct Line {
    event: &'static str,
    path: Option<Path>,
    /// What else there is to say, by name.
    more: Vec<(&'static str, Value)>,
}

impl Watch {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let replica = context.node.replica(&self.drive)?;
        let mut events = replica.watch();
        while let Some(event) = events.next().await {
            let mut together = vec![event];
            while let Some(Some(event)) = events.next().now_or_never() {
                add(&mut together, event);
            }
            for event in together {
                for line in lines(&replica, event) {
                    let text = line.text();
                    context.show(&line.object(), || text).await?;
                }
            }
            context.flush().await?;
        }
        Ok(())
    }
}

/// Adds an event to those that are printed together: bytes that came for one path make one line.
fn add(together: &mut Vec<Event>, event: Event) {
    if let (Some(Event::Fetched { path, bytes }), Event::Fetched { path: next, bytes: more }) =
        (together.last_mut(), &event)
        && path == next
    {
        *bytes += more;
        return;
    }
    together.push(event);
}

fn lines(replica: &std::sync::Arc<Replica<Store>>, event: Event) -> Vec<Line> {
    let line = |event, path, more: &[(&'static str, Value)]| {
        vec![Line { event, path, more: more.to_vec() }]
    };
    match event {
        Event::Changed { path } => {
            // What cannot be looked at now was written: removing leaves nothing to fetch.
            let state = replica.view().path(&path);
            let is_gone = state.is_ok_and(|state| state.kind().is_none());
            line(if is_gone { "remove" } else { "write" }, Some(path), &[])
        }
        Event::Committed { mark } => {
            let id = json!(mark.id.to_string());
            line("commit", None, &[("commit", id), ("number", json!(mark.number))])
        }
        Event::Discarded { paths } => line("discard", None, &[("paths", json!(paths))]),
        Event::Arrived { heads } => {
            let arrivals = heads.into_iter().map(|(writer, mark)| Line {
                event: "arrival",
                path: None,
                more: vec![
                    ("writer", json!(writer.to_string())),
                    ("commit", json!(mark.id.to_string())),
                    ("number", json!(mark.number)),
                ],
            });
            arrivals.collect()
        }
        Event::Fetched { path, bytes } => line("fetch", path, &[("bytes", json!(bytes))]),
        Event::Lagged { events } => line("missed", None, &[("events", json!(events))]),
        _ => Vec::new(),
    }
}

impl Line {
    fn object(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("event".to_owned(), json!(self.event));
        if let Some(path) = &self.path {
            let Spelled { text, bytes } = Spelled::new(&[b"/", path.as_bytes()].concat());
            object.insert("path".to_owned(), json!(text));
            object.insert("path_bytes".to_owned(), json!(bytes));
        }
        for (name, value) in &self.more {
            object.insert((*name).to_owned(), value.clone());
        }
        Value::Object(object)
    }

    fn text(&self) -> String {
        let mut text = self.event.to_owned();
        if let Some(path) = &self.path {
            text.push_str(" /");
            text.push_str(&escape(path.as_bytes()));
        }
        for (name, value) in &self.more {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // A commit's id needs no name beside the word for the event.
            if *name != self.event {
                text.push(' ');
                text.push_str(name);
            }
            text.push(' ');
            text.push_str(&value);
        }
        text
    }
}
