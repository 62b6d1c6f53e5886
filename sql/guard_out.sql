-- Where requests that leave the server may go, and answers in XML.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on

-- names: a port that is not given is the scheme's; *. is any name below, and * every name
SELECT pattern, string_agg(host || ':' || port, ' ' ORDER BY n) FROM
	unnest('{example.com, example.com:8000, *.example.com, *, *:8000, "a.com,b.com:1 c.com", "", *.com:443, [::1]:8000, [::1], 127.0.0.1, *., exam*.com}'::text[]) WITH ORDINALITY p (pattern, m),
	(VALUES (1, 'example.com', 443), (2, 'EXAMPLE.com.', 443), (3, 'example.com', 8000), (4, 'sub.example.com', 443), (5, 'a.b.example.com', 443), (6, 'badexample.com', 443),
		(7, 'example.com.evil.org', 443), (8, 'b.com', 1), (9, 'b.com', 443), (10, 'c.com', 443), (11, '[::1]', 8000), (12, '[::1]', 443), (13, '127.0.0.1', 443), (14, '.example.com', 443)) h (n, host, port)
	WHERE dynapg_test.guard_host(pattern, host, port, 443) GROUP BY pattern, m ORDER BY m;

-- addresses that are not of the public internet
SELECT dynapg_test.guard_address(a), string_agg(a, ' ' ORDER BY n) FROM unnest('{0.0.0.0, 0.1.2.3, 10.0.0.1, 10.255.255.255, 11.0.0.0, 100.63.255.255, 100.64.0.0, 100.127.255.255, 100.128.0.0,
	127.0.0.1, 127.255.0.1, 128.0.0.1, 169.253.255.255, 169.254.169.254, 169.255.0.0, 172.15.255.255, 172.16.0.0, 172.31.255.255, 172.32.0.0, 192.0.0.8, 192.0.1.0, 192.0.2.1, 192.88.99.1,
	192.167.255.255, 192.168.0.0, 192.169.0.0, 198.17.255.255, 198.18.0.0, 198.19.255.255, 198.20.0.0, 198.51.100.7, 203.0.113.7, 223.255.255.255, 224.0.0.1, 240.0.0.1, 255.255.255.255,
	8.8.8.8, "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", 64:ff9b::a00:1, 64:ff9b::808:808, 64:ff9b:1::1, 100::1, 2001::1, 2001:1ff::1, 2001:200::1, 2001:db8::1, 2002:7f00:1::, 2002:808:808::,
	2606:4700::1111, 3fff::1, 3fff:1000::1, 4000::1, fc00::1, fd12::1, fe80::1, fec0::1, ff02::1}'::text[]) WITH ORDINALITY u (a, n) GROUP BY 1 ORDER BY 1;

-- XML: paths of local names, texts; no document types, so no entities; not too deep
SELECT document, dynapg_test.xml(convert_to(document, 'UTF8')) FROM unnest(ARRAY[
	'<?xml version="1.0" encoding="UTF-8"?><a xmlns="urn:x"><b>one</b><x:b xmlns:x="urn:y" c="d">two &amp; &#x20ac;</x:b><c/></a>',
	'<a>1<b>2</b>3<![CDATA[<4>]]><!-- 5 --></a>',
	'<a><b></a>', '', 'text', '<a/><b/>', '<a>&b;</a>', '<a b=1/>', '<a>&#0;</a>',
	'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'
	]) WITH ORDINALITY u (document, n) ORDER BY n;
SELECT dynapg_test.xml('<a><raise>raise</raise></a>');
SELECT dynapg_test.xml(convert_to(repeat('<a>', n) || repeat('</a>', n), 'UTF8')) ~ 'too deep' FROM unnest('{16,17,100000}'::int[]) n;
SELECT left(dynapg_test.xml(convert_to('<a>' || repeat('x', n) || '</a>', 'UTF8')), 30) FROM unnest('{65536,65537,5000000}'::int[]) n;
SELECT right(dynapg_test.xml(convert_to('<' || repeat('x', n) || '/>', 'UTF8')), 40) FROM unnest('{60000,70000}'::int[]) n;
SELECT count(dynapg_test.xml('\x3c613eff3c2f613e')), dynapg_test.xml('\xfeff003c0061002f003e');
