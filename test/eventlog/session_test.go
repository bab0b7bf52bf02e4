package eventlog

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// session is a client's connection.
type session struct {
	c      *clickhouse
	conn   net.Conn
	r      *proto.Reader
	b      *proto.Buffer
	packed bool // the present query's blocks are compressed
}

func (s *session) flush() error {
	_, err := s.conn.Write(s.b.Buf)
	s.b.Reset()
	return err
}

func (s *session) hello() error {
	if code, err := s.r.UVarInt(); err != nil || proto.ClientCode(code) != proto.ClientCodeHello {
		return errors.Join(err, fmt.Errorf("no hello but packet %d", code))
	}
	var hello proto.ClientHello
	if err := hello.Decode(s.r); err != nil {
		return err
	}
	if hello.User != "otel" || hello.Password != "secret" {
		return fmt.Errorf("the user is %q", hello.User)
	}
	me := proto.ServerHello{Name: "ClickHouse", Major: 23, Minor: 4, Revision: revision, Timezone: "UTC", DisplayName: "lab", Patch: 1}
	me.EncodeAware(s.b, revision)
	if err := s.flush(); err != nil {
		return err
	}
	_, err := s.r.Str() // its quota key
	return err
}

// next answers a packet.
func (s *session) next() error {
	code, err := s.r.UVarInt()
	if err != nil {
		return err
	}
	switch proto.ClientCode(code) {
	case proto.ClientCodePing:
		proto.ServerCodePong.Encode(s.b)
		return s.flush()
	case proto.ClientCodeCancel:
		return nil
	case proto.ClientCodeQuery:
	default:
		return fmt.Errorf("packet %d", code)
	}
	var q proto.Query
	if err := q.DecodeAware(s.r, revision); err != nil {
		return err
	}
	s.packed = q.Compression == proto.CompressionEnabled
	if _, err := s.block(nil); err != nil { // there are no temporary tables
		return err
	}
	switch {
	case strings.HasPrefix(q.Body, "DESC TABLE"):
		err = s.describe()
	case !strings.HasPrefix(strings.TrimSpace(q.Body), `INSERT INTO "otel"."kubernetes_events"`):
		err = fmt.Errorf("the query %q", q.Body)
	case s.c.full():
		return s.busy()
	default:
		err = s.insert()
	}
	if err != nil {
		return err
	}
	proto.ServerCodeEndOfStream.Encode(s.b)
	return s.flush()
}

// block reads a block of data and returns how many rows it has.
func (s *session) block(into proto.Result) (int, error) {
	if code, err := s.r.UVarInt(); err != nil || proto.ClientCode(code) != proto.ClientCodeData {
		return 0, errors.Join(err, fmt.Errorf("no data but packet %d", code))
	}
	var data proto.ClientData
	if err := data.DecodeAware(s.r, revision); err != nil {
		return 0, err
	}
	if s.packed {
		s.r.EnableCompression()
		defer s.r.DisableCompression()
	}
	var block proto.Block
	err := block.DecodeBlock(s.r, revision, into)
	return block.Rows, err
}

// send sends a block of data.
func (s *session) send(columns []proto.InputColumn) error {
	proto.ServerCodeData.Encode(s.b)
	s.b.PutString("")
	var b proto.Buffer
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(columns), Rows: columns[0].Data.Rows()}
	if err := block.EncodeBlock(&b, revision, columns); err != nil {
		return err
	}
	if s.packed {
		z := compress.NewWriter(compress.LevelZero, compress.LZ4)
		if err := z.Compress(b.Buf); err != nil {
			return err
		}
		b.Buf = z.Data
	}
	s.b.PutRaw(b.Buf)
	return s.flush()
}

// describe tells the columns of the table.
func (s *session) describe() error {
	rows := make([]proto.ColStr, 7)
	for name, kind := range s.c.schema {
		rows[0].Append(name)
		rows[1].Append(kind)
		for i := 2; i < len(rows); i++ {
			rows[i].Append("")
		}
	}
	var columns []proto.InputColumn
	for i, name := range []string{"name", "type", "default_type", "default_expression", "comment", "codec_expression", "ttl_expression"} {
		columns = append(columns, proto.InputColumn{Name: name, Data: &rows[i]})
	}
	return s.send(columns)
}

// busy refuses what is asked for, for the moment.
func (s *session) busy() error {
	proto.ServerCodeException.Encode(s.b)
	e := proto.Exception{Code: 252, Name: "DB::Exception", Message: "DB::Exception: Too many parts (300). Merges are processing significantly slower than inserts"}
	e.EncodeAware(s.b, revision)
	return s.flush()
}

// insert takes rows.
func (s *session) insert() error {
	var (
		body   proto.ColStr
		attrs  = stringMap()
		header []proto.InputColumn
		target proto.Results
	)
	for _, c := range table(&body, attrs) {
		if want := s.c.schema[c.name]; string(c.data.Type()) != want {
			return fmt.Errorf("%s is %s in clickhouse.sql, and %s to the collector", c.name, want, c.data.Type())
		}
		header = append(header, proto.InputColumn{Name: c.name, Data: c.data})
		target = append(target, proto.ResultColumn{Name: c.name, Data: c.data})
	}
	if err := s.send(header); err != nil {
		return err
	}
	var all []got
	for {
		rows, err := s.block(target)
		if err != nil {
			return err
		}
		if rows == 0 {
			break
		}
		for i := range rows {
			a := attrs.Row(i)
			all = append(all, got{
				id: a["event.id"], uid: a["k8s.event.uid"], body: body.Row(i),
				count: integer(a["k8s.event.count"]), occurrences: integer(a["occurrences"]),
			})
		}
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.rows = append(s.c.rows, all...)
	return nil
}

func integer(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // 0 is none of ours
	return n
}

func stringMap() *proto.ColMap[string, string] {
	return proto.NewMap[string, string](new(proto.ColStr).LowCardinality(), new(proto.ColStr))
}

type column struct {
	name string
	data proto.Column
}

// table is what the collector inserts, in its order.
func table(body *proto.ColStr, attrs *proto.ColMap[string, string]) []column {
	return []column{
		{"Timestamp", new(proto.ColDateTime64).WithPrecision(proto.PrecisionNano)},
		{"TraceId", new(proto.ColStr)},
		{"SpanId", new(proto.ColStr)},
		{"TraceFlags", new(proto.ColUInt8)},
		{"SeverityText", new(proto.ColStr).LowCardinality()},
		{"SeverityNumber", new(proto.ColUInt8)},
		{"ServiceName", new(proto.ColStr).LowCardinality()},
		{"Body", body},
		{"ResourceSchemaUrl", new(proto.ColStr).LowCardinality()},
		{"ResourceAttributes", stringMap()},
		{"ScopeSchemaUrl", new(proto.ColStr).LowCardinality()},
		{"ScopeName", new(proto.ColStr)},
		{"ScopeVersion", new(proto.ColStr).LowCardinality()},
		{"ScopeAttributes", stringMap()},
		{"LogAttributes", attrs},
	}
}
