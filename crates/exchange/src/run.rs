//! Running a session over a stream of bytes.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::io::{ReadHalf, WriteHalf};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite};
use ply_drive::Replica;
use ply_engine::Engine;
use ply_sync::{Failure, HELLO_BYTES_MAX, Output, Peer, RequestId, Session, Traffic};
use ply_types::{DriveId, Path, Time};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::RunError;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::framing;
use crate::link::{COMMANDS_MAX, Command, Link, SessionId};
use crate::stream::{QUEUE, read_all, write_all};

/// How long a peer may take to say hello or welcome.
const GREETING: Duration = Duration::from_secs(15);

/// Which side of a session this node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It opens the session, for one drive.
    Opener(DriveId),
    /// It answers, for whichever of its drives it is.
    Answerer,
}

/// What one run needs besides its stream.
struct Running<E: Engine> {
    exchange: Exchange<E>,
    session: Session<E>,
    id: SessionId,
    peer: Peer,
    began: Instant,
    asked: HashMap<RequestId, Asked>,
    open: watch::Sender<bool>,
    traffic: watch::Sender<Traffic>,
}

/// A request of this side that is not answered yet.
struct Asked {
    /// What it is for, to tell those who watch.
    path: Option<Path>,
    reply: oneshot::Sender<Result<(), Failure>>,
}

impl<E: Engine> Exchange<E> {
    /// Runs a session over `stream` until either side ends it. `me` and `them` name the ends of the
    /// connection below: both sides must name them alike.
    pub async fn run(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
        me: Peer,
        them: Peer,
        side: Side,
    ) -> Result<Traffic, RunError> {
        let (mut reader, writer) = stream.split();
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| RunError::Random(error.to_string()))?;
        let began = Instant::now();
        let start = Time::default();
        let mut session = match side {
            Side::Opener(id) => {
                let replica = self.drive(&id).ok_or(RunError::NoDrive(id))?;
                Session::open(replica, me, them, nonce, start)?
            }
            Side::Answerer => {
                let patience = GREETING.min(self.pace);
                let greeting = timeout(
                    patience,
                    framing::read(&mut reader, &self.shared.buffers, HELLO_BYTES_MAX),
                );
                let hello = greeting.await.map_err(|_| RunError::Silent)??;
                let hello = hello.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
                let drives = self.drives();
                block_in_place(|| Session::answer(&hello, &drives, me, them, nonce, start))?
            }
        };
        let drive = session.replica().id();
        if let Some(claims) = self.claims(&drive) {
            session.share(&claims);
        }
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let (open, is_open) = watch::channel(session.is_open());
        let (traffic, seen_traffic) = watch::channel(Traffic::default());
        let id = self.new_session();
        let news = Arc::new(Notify::new());
        let link = Link {
            id,
            peer: them,
            commands,
            news: Arc::clone(&news),
            open: is_open,
            traffic: seen_traffic,
        };
        if !self.link(&drive, link) {
            return Err(RunError::NoDrive(drive));
        }
        let mut running = Running {
            exchange: self.clone(),
            session,
            id,
            peer: them,
            began,
            asked: HashMap::new(),
            open,
            traffic,
        };
        let result = running.run(reader, writer, queue, &news).await;
        self.unlink(&drive, id);
        let traffic = running.session.traffic();
        let fault = result.as_ref().err().map(RunError::fault);
        let closed = Event::Closed { drive, peer: them, session: id, traffic, fault };
        drop(self.shared.events.send(closed));
        result.map(|()| traffic)
    }
}

impl<E: Engine> Running<E> {
    fn now(&self) -> Time {
        Time(self.began.elapsed())
    }

    fn replica(&self) -> &Arc<Replica<E>> {
        self.session.replica()
    }

    async fn run<S: AsyncRead + AsyncWrite + Send + 'static>(
        &mut self,
        reader: ReadHalf<S>,
        writer: WriteHalf<S>,
        mut commands: mpsc::Receiver<Command>,
        news: &Notify,
    ) -> Result<(), RunError> {
        let (incoming, mut inbox) = mpsc::channel(QUEUE);
        let (outbox, outgoing) = mpsc::channel(QUEUE);
        let (buffers, pace) = (self.exchange.shared.buffers.clone(), self.exchange.pace);
        let reading = tokio::spawn(read_all(reader, incoming, buffers, pace));
        let writing = tokio::spawn(write_all(writer, outgoing));
        let result = self.converse(&mut inbox, outbox, &mut commands, news).await;
        reading.abort();
        if result.is_ok() {
            // What was said last shall arrive: the queue is closed, so this ends.
            drop(timeout(GREETING, writing).await);
        } else {
            writing.abort();
        }
        result
    }

    async fn converse(
        &mut self,
        inbox: &mut mpsc::Receiver<Result<Bytes, RunError>>,
        outbox: mpsc::Sender<Vec<u8>>,
        commands: &mut mpsc::Receiver<Command>,
        news: &Notify,
    ) -> Result<(), RunError> {
        let mut opened = false;
        let greeting = self.began + GREETING;
        // Since when a message waits for room.
        let mut full_since: Option<Instant> = None;
        loop {
            if !opened && self.session.is_open() {
                opened = true;
                self.open.send_replace(true);
                self.tell(Event::Opened {
                    drive: self.replica().id(),
                    peer: self.peer,
                    session: self.id,
                });
            }
            // One message at a time, and only when there is room for it.
            let waiting = self.next_message()?;
            let has_message = waiting.is_some();
            let stalled = if has_message && outbox.capacity() == 0 {
                Some(*full_since.get_or_insert_with(Instant::now) + self.exchange.stall)
            } else {
                full_since = None;
                None
            };
            if !has_message && self.session.is_over() {
                return Ok(());
            }
            self.traffic.send_replace(self.session.traffic());
            let deadline = self.session.deadline().map(|Time(after)| self.began + after);
            let deadline = if opened { deadline } else { Some(greeting) };
            tokio::select! {
                biased;
                command = commands.recv() => {
                    self.put_back(waiting);
                    match command {
                        Some(Command::Stop) | None => return Ok(()),
                        Some(Command::Finish) => self.session.say_goodbye(),
                        Some(Command::Ask { want, reply }) => {
                            let now = self.now();
                            let path = want.path().cloned();
                            let request = block_in_place(|| self.session.request(want, now))?;
                            self.asked.insert(request, Asked { path, reply });
                        }
                    }
                }
                () = news.notified() => {
                    self.put_back(waiting);
                    block_in_place(|| self.session.changed())?;
                }
                permit = outbox.reserve(), if has_message => {
                    let Ok(permit) = permit else { return Err(broken()) };
                    permit.send(waiting.unwrap_or_default());
                    full_since = None;
                }
                message = inbox.recv() => {
                    self.put_back(waiting);
                    match message {
                        Some(Ok(message)) => {
                            let now = self.now();
                            let message = self.session.decode(message)?;
                            let (stores, session) = (message.stores(), &mut self.session);
                            let handle = || session.handle_decoded(message, now);
                            if stores { block_in_place(handle)? } else { handle()? }
                        }
                        Some(Err(error)) => return Err(error),
                        None if opened => return Ok(()),
                        None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                    }
                }
                () = alarm(stalled) => return Err(RunError::Stalled),
                () = alarm(deadline) => {
                    self.put_back(waiting);
                    if !opened {
                        return Err(RunError::Silent);
                    }
                    let now = self.now();
                    self.session.expire(now);
                }
            }
        }
    }

    /// Drains what the session has to say up to its next message.
    fn next_message(&mut self) -> Result<Option<Vec<u8>>, RunError> {
        loop {
            // Others go on meanwhile, but only where that is worth waking them.
            let reads = self.session.reads();
            let session = &mut self.session;
            let output = if reads { block_in_place(|| session.poll())? } else { session.poll()? };
            let Some(output) = output else { return Ok(None) };
            match output {
                Output::Send(message) => return Ok(Some(message)),
                Output::Finished(request, result) => {
                    if let Some(asked) = self.asked.remove(&request) {
                        // Nobody waits any more: the request was given up.
                        let _ = asked.reply.send(result);
                    }
                }
                Output::Changed => {
                    let drive = self.replica().id();
                    self.tell(Event::Changed { drive });
                    for link in self.exchange.links(&drive) {
                        if link.id != self.id {
                            link.changed();
                        }
                    }
                }
                Output::Arrived(request, bytes) => {
                    let asked = self.asked.get(&request);
                    let replica = self.replica();
                    replica.fetched(asked.and_then(|asked| asked.path.as_ref()), bytes);
                    self.exchange.fetched(replica.id(), bytes);
                }
            }
        }
    }

    fn put_back(&mut self, message: Option<Vec<u8>>) {
        if let Some(message) = message {
            self.session.unsend(message);
        }
    }

    fn tell(&self, event: Event) {
        drop(self.exchange.shared.events.send(event));
    }
}

fn broken() -> RunError {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}

async fn alarm(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
