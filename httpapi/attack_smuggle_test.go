package httpapi

import (
	"fmt"
	"strings"
	"testing"
)

// smuggled is a second request in the body of a first, that a proxy would take for a part of it.
const smuggled = "GET " + phoneTarget + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n"

// keep is a request that keeps its connection, with these header lines and this body.
func keep(method, header, body string) string {
	return method + " /phoneprov/0011223344aa-boot.log HTTP/1.1\r\nHost: pbx.test\r\n" + header + "\r\n" + body
}

// Whatever two servers could read in two ways ends the connection, so that nothing behind it counts as a request.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	tests := []attackTest{
		{"length and chunks", keep("PUT", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled), one(201)},
		{"chunks and length", keep("PUT", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+smuggled), one(201)},
		{"length and chunks, GET", keep("GET", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled), one(404)},
		{"two lengths", keep("PUT", "Content-Length: 0\r\nContent-Length: 4\r\n", "xxxx"+smuggled), one(400)},
		{"two lengths in one", keep("PUT", "Content-Length: 0, 4\r\n", "xxxx"+smuggled), one(400)},
		{"the same length twice", keep("PUT", "Content-Length: 4\r\nContent-Length: 4\r\n", "xxxx"+smuggled), []int{201, 200}},
		{"signed length", keep("PUT", "Content-Length: +4\r\n", "xxxx"+smuggled), one(400)},
		{"negative length", keep("PUT", "Content-Length: -4\r\n", "xxxx"+smuggled), one(400)},
		{"hexadecimal length", keep("PUT", "Content-Length: 0x4\r\n", "xxxx"+smuggled), one(400)},
		{"length with a blank", keep("PUT", "Content-Length: 4 0\r\n", "xxxx"+smuggled), one(400)},
		{"empty length", keep("PUT", "Content-Length:\r\n", "xxxx"+smuggled), one(400)},
		{"length too large for a number", keep("PUT", "Content-Length: 99999999999999999999\r\n", "xxxx"+smuggled), one(400)},
		{"xchunked", keep("PUT", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"chunked, identity", keep("PUT", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"identity", keep("PUT", "Transfer-Encoding: identity\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"gzip, chunked", keep("PUT", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"chunked twice", keep("PUT", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"chunked and another", keep("PUT", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"quoted", keep("PUT", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"+smuggled), one(501)},
		{"empty encoding", keep("PUT", "Transfer-Encoding:\r\nContent-Length: 4\r\n", "xxxx"+smuggled), one(501)},
		{"chunked with a vertical tab", keep("PUT", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"+smuggled), one(400)},
		{"chunked in another case", keep("PUT", "Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"+smuggled), one(201)},
		{"space before the colon", keep("PUT", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+smuggled), one(400)},
		{"space before the colon of a length", keep("PUT", "Content-Length : 4\r\n", "xxxx"+smuggled), one(400)},
		{"tab before the colon", keep("PUT", "Content-Length\t: 4\r\n", "xxxx"+smuggled), one(400)},
		{"folded line", keep("PUT", "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "xxxx"), one(201)},
		{"folded encoding", keep("PUT", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"+smuggled), one(201)},
		{"folded first line", "PUT /phoneprov/0011223344aa-boot.log HTTP/1.1\r\n Host: pbx.test\r\nContent-Length: 4\r\n\r\nxxxx" + smuggled, one(400)},
		{"bare line feeds", strings.ReplaceAll(keep("PUT", "Content-Length: 4\r\n", "xxxx"), "\r\n", "\n") + smuggled, []int{201, 200}},
		{"bare carriage return", keep("PUT", "X: y\rContent-Length: 4\r\n", "xxxx"+smuggled), one(400)},
		{"underscore", keep("PUT", "Transfer_Encoding: chunked\r\nContent-Length: 4\r\n", "xxxx"+smuggled), []int{201, 200}},
		{"in HTTP/1.0", strings.Replace(keep("PUT", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), "1.1", "1.0", 1), one(201)},
		{"huge chunk", keep("PUT", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nx\r\n0\r\n\r\n"+smuggled), one(400)},
		{"negative chunk", keep("PUT", "Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"+smuggled), one(400)},
		{"hexadecimal chunk", keep("PUT", "Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n"+smuggled), one(400)},
		{"chunk longer than its size", keep("PUT", "Transfer-Encoding: chunked\r\n", "1\r\nxyz\r\n0\r\n\r\n"+smuggled), one(400)},
		{"chunk with bare line feeds", keep("PUT", "Transfer-Encoding: chunked\r\n", "1\nx\n0\n\n"+smuggled), one(400)},
		{"huge chunk extension", keep("PUT", "Transfer-Encoding: chunked\r\n", "1;"+strings.Repeat("x", 64<<10)+"\r\nx\r\n0\r\n\r\n"+smuggled), one(400)},
		{"chunk extensions without end", keep("PUT", "Transfer-Encoding: chunked\r\n", strings.Repeat("1;"+strings.Repeat("x", 1<<10)+"\r\nx\r\n", 1000)+"0\r\n\r\n"+smuggled), one(400)},
		{"trailer", keep("PUT", "Transfer-Encoding: chunked\r\nTrailer: Host\r\n", "0\r\nHost: evil\r\n\r\n"+smuggled), one(201)},
		{"huge trailer", keep("PUT", "Transfer-Encoding: chunked\r\n", "0\r\nX: "+strings.Repeat("y", 64<<10)+"\r\n\r\n"+smuggled), one(400)},
		{"body of a GET", keep("GET", fmt.Sprintf("Content-Length: %d\r\n", len(smuggled)), smuggled) + smuggled, []int{404, 200}},
		{"pipelined", keep("GET", "", "") + keep("GET", "", "") + smuggled, []int{404, 404, 200}},
		{"pipelined garbage", keep("GET", "", "") + "\x00\xff garbage\r\n\r\n" + smuggled, []int{404, 400}},
		{"empty lines in front", "\r\n\r\n" + smuggled, one(400)},
		{"behind the end", smuggled + smuggled, one(200)},
		{"body behind an unknown name", strings.Replace(keep("PUT", "Content-Length: 4\r\n", "xxxx"+smuggled), "aa-", "ab-", 1), []int{404, 200}},
	}
	runAttacks(t, tests, func(t *testing.T) *site { return newSite(t, "", nil) }, attackFile)
}
