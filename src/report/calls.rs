//! `calls.parquet`: one row a call, for whoever wants to ask questions of their own.

use std::{io::Write, sync::Arc};

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

use crate::{
    record::{describe::cause_words, row::CallRow},
    script::Versions,
    time::{Duration, Instant, LocalClock},
};

/// The columns. Times are UTC; lengths of time are seconds; names are those of the scripts.
const SCHEMA: &str = "message call {
    required int32 replication;
    required int64 call;
    optional int64 promised_in;
    optional int64 lot;
    required int32 attempt;
    optional binary intent (STRING);
    optional int32 region;
    optional binary language (STRING);
    required int64 arrived (TIMESTAMP(MICROS, true));
    optional int64 answered (TIMESTAMP(MICROS, true));
    required int64 ended (TIMESTAMP(MICROS, true));
    optional binary queue (STRING);
    optional int32 agent;
    required double waited;
    required double talked;
    required double held;
    optional double announced;
    required int32 transfers;
    required int32 no_input;
    required int32 no_match;
    required int32 failed_checks;
    required binary outcome (STRING);
    required binary cause (STRING);
    optional binary last_node (STRING);
    required int32 steps;
}";

/// The most rows of one group: what a reader holds at once.
const GROUP: usize = 100_000;

/// A file of calls being written.
pub struct CallsFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    clock: LocalClock,
}

impl<W: Write + Send> CallsFile<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// What the writer cannot take.
    pub fn new(writer: W, clock: LocalClock) -> Result<CallsFile<W>, ParquetError> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(writer, schema, Arc::new(properties))?;
        Ok(CallsFile { writer, clock })
    }

    /// Adds the calls of one replication, whose names stand in `versions`.
    ///
    /// # Errors
    /// What the writer cannot take: a full disk, mostly.
    pub fn write(&mut self, replication: u32, rows: &[CallRow], versions: &Versions) -> Result<(), ParquetError> {
        for rows in rows.chunks(GROUP) {
            let group = self.writer.next_row_group()?;
            let mut columns = Columns { group, rows };
            columns.write(replication, &self.clock, versions)?;
            columns.group.close()?;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As [`CallsFile::write`].
    pub fn close(self) -> Result<(), ParquetError> {
        self.writer.close().map(drop)
    }
}

/// A row group being written, column by column in the order of the schema.
struct Columns<'a, W: Write + Send> {
    group: SerializedRowGroupWriter<'a, W>,
    rows: &'a [CallRow],
}

impl<W: Write + Send> Columns<'_, W> {
    fn write(&mut self, replication: u32, clock: &LocalClock, versions: &Versions) -> Result<(), ParquetError> {
        let utc = |at: Instant| clock.unix_micros(at);
        let script = |row: &CallRow| versions.script(row.version);
        let text = |name: &str| ByteArray::from(name.as_bytes().to_vec());
        self.all::<Int32Type>(|_| replication as i32)?;
        self.all::<Int64Type>(|row| row.call.0 as i64)?;
        self.some::<Int64Type>(|row| row.promised_in.map(|call| call.0 as i64))?;
        self.some::<Int64Type>(|row| row.lot.map(|lot| lot as i64))?;
        self.all::<Int32Type>(|row| row.attempt.into())?;
        self.some::<ByteArrayType>(|row| {
            let intent = row.intent?;
            script(row)?.intents.get(usize::from(intent.0)).map(|name| text(name))
        })?;
        self.some::<Int32Type>(|row| (row.region > 0).then_some(row.region.into()))?;
        self.some::<ByteArrayType>(|row| script(row)?.languages.get(row.language.index()).map(|l| text(&l.code)))?;
        self.all::<Int64Type>(|row| utc(row.arrived))?;
        self.some::<Int64Type>(|row| row.answered.map(utc))?;
        self.all::<Int64Type>(|row| utc(row.ended))?;
        self.some::<ByteArrayType>(|row| versions.queue(row.queue?).map(|queue| text(&queue.name)))?;
        self.some::<Int32Type>(|row| row.agent.map(|agent| agent.0 as i32))?;
        self.all::<DoubleType>(|row| row.waited.as_secs_f64())?;
        self.all::<DoubleType>(|row| row.talked.as_secs_f64())?;
        self.all::<DoubleType>(|row| row.held.as_secs_f64())?;
        self.some::<DoubleType>(|row| row.announced.map(Duration::as_secs_f64))?;
        self.all::<Int32Type>(|row| row.transfers.into())?;
        self.all::<Int32Type>(|row| row.no_input.into())?;
        self.all::<Int32Type>(|row| row.no_match.into())?;
        self.all::<Int32Type>(|row| row.failed_checks.into())?;
        self.all::<ByteArrayType>(|row| {
            script(row).map_or_else(|| text("?"), |script| text(script.outcome_name(row.outcome)))
        })?;
        self.all::<ByteArrayType>(|row| text(cause_words(row.cause)))?;
        self.some::<ByteArrayType>(|row| script(row)?.nodes.get(row.last_node.index()).map(|node| text(&node.name)))?;
        self.all::<Int32Type>(|row| row.steps as i32)
    }

    /// A column that every row has.
    fn all<T: DataType>(&mut self, value: impl Fn(&CallRow) -> T::T) -> Result<(), ParquetError> {
        let values: Vec<T::T> = self.rows.iter().map(value).collect();
        self.column::<T>(&values, None)
    }

    /// A column that some rows have.
    fn some<T: DataType>(&mut self, value: impl Fn(&CallRow) -> Option<T::T>) -> Result<(), ParquetError> {
        let values: Vec<Option<T::T>> = self.rows.iter().map(value).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<T::T> = values.into_iter().flatten().collect();
        self.column::<T>(&values, Some(&levels))
    }

    fn column<T: DataType>(&mut self, values: &[T::T], levels: Option<&[i16]>) -> Result<(), ParquetError> {
        let Some(mut column) = self.group.next_column()? else {
            return Err(ParquetError::General("more columns than the schema has".to_owned()));
        };
        column.typed::<T>().write_batch(values, levels, None)?;
        column.close()
    }
}
