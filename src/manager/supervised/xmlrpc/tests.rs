//! What supervisord answers, what nobody should, and rubbish.

use proptest::prelude::*;

use super::*;

/// As supervisord 4.2.5 writes it; the log's name is made up to hold what XML escapes.
const INFO: &str = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n\
    <member>\n<name>name</name>\n<value><string>smonitor</string></value>\n</member>\n\
    <member>\n<name>state</name>\n<value><int>20</int></value>\n</member>\n\
    <member>\n<name>logfile</name>\n<value><string>/a &amp; b/&lt;%&gt;.log</string></value>\n</member>\n\
    <member>\n<name>spawnerr</name>\n<value><string></string></value>\n</member>\n\
    </struct></value>\n</param>\n</params>\n</methodResponse>\n";

fn answer(value: &str) -> Result<Answer, Malformed> {
    let params = format!("<params><param>{value}</param></params>");
    parse(format!("<methodResponse>{params}</methodResponse>").as_bytes())
}

fn value(text: &str) -> Value {
    match answer(text).unwrap() {
        Answer::Returned(value) => value,
        fault @ Answer::Fault { .. } => panic!("{fault:?}"),
    }
}

#[test]
fn a_struct_of_supervisord_is_understood() {
    let Answer::Returned(info) = parse(INFO.as_bytes()).unwrap() else { panic!("a fault") };
    assert_eq!(info.member("state").and_then(Value::integer), Some(20));
    assert_eq!(info.member("name").and_then(Value::text), Some("smonitor"));
    assert_eq!(info.member("logfile").and_then(Value::text), Some("/a & b/<%>.log"));
    assert_eq!(info.member("spawnerr").and_then(Value::text), Some(""));
    assert_eq!(info.member("pid"), None);
}

#[test]
fn a_fault_is_told_with_its_number() {
    let xml = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n\
        <name>faultCode</name>\n<value><int>10</int></value>\n</member>\n<member>\n\
        <name>faultString</name>\n<value><string>BAD_NAME: x</string></value>\n</member>\n\
        </struct></value>\n</fault>\n</methodResponse>\n";
    let wanted = Answer::Fault { code: 10, text: "BAD_NAME: x".to_owned() };
    assert_eq!(parse(xml.as_bytes()), Ok(wanted));
    let silent = xml.replace("faultCode", "code");
    assert!(parse(silent.as_bytes()).is_err());
}

#[test]
fn every_type_is_understood() {
    for (xml, wanted) in [
        ("<value><boolean>1</boolean></value>", Value::Truth(true)),
        ("<value><i8>-5</i8></value>", Value::Integer(-5)),
        ("<value><double>0.5</double></value>", Value::Double(0.5)),
        ("<value>plain &#65;&#x42;</value>", Value::Text("plain AB".to_owned())),
        ("<value/>", Value::Text(String::new())),
        ("<value></value>", Value::Text(String::new())),
        ("<value> <string/> </value>", Value::Text(String::new())),
        ("<value><nil/></value>", Value::Nil),
        (
            "<value><array><data> <value><int>1</int></value>\n<value>b</value></data></array></value>",
            Value::Array(vec![Value::Integer(1), Value::Text("b".to_owned())]),
        ),
        ("<value><struct></struct></value>", Value::Struct(BTreeMap::new())),
    ] {
        assert_eq!(value(xml), wanted, "{xml}");
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let deep = "<value><array><data>".repeat(2000);
    for xml in [
        "",
        "<value><int>1</value>",
        "<value><int>1</int>",
        "<value><int>one</int></value>",
        "<value><int/></value>",
        "<value><boolean>2</boolean></value>",
        "<value><double>inf</double></value>",
        "<value><string>&bogus;</string></value>",
        "<value><string>&#xD800;</string></value>",
        "<value><string>&#+65;</string></value>",
        "<value><string>a & b</string></value>",
        "<value>text<int>1</int></value>",
        "<value a=\"b\">x</value>",
        "<value><!-- c -->x</value>",
        "<value><thing>1</thing></value>",
        "<value><struct><member><name>a</name></member></struct></value>",
        "<value><struct><member><name>a</name><value>1</value></member>\
         <member><name>a</name><value>2</value></member></struct></value>",
        &deep,
    ] {
        assert!(answer(xml).is_err(), "{xml}");
    }
    for xml in [
        "<methodCall></methodCall>",
        "<methodResponse><params/></methodResponse>",
        "<methodResponse><params><param><value/></param></params></methodResponse>x",
        "<!DOCTYPE x []><methodResponse/>",
        "<?xml never ends",
    ] {
        assert!(parse(xml.as_bytes()).is_err(), "{xml}");
    }
    assert!(parse(&[0xff]).is_err());
    assert_eq!(parse(&vec![b' '; ANSWER_MAX_BYTES + 1]).unwrap_err().wrong, "too long");
}

#[test]
fn a_call_is_escaped() {
    let xml = call("a.b", &[Argument::Text("x<&>\r\0"), Argument::Truth(false)]);
    assert_eq!(
        xml,
        "<?xml version=\"1.0\"?>\n<methodCall><methodName>a.b</methodName><params>\
         <param><value><string>x&lt;&amp;&gt;&#13;\u{fffd}</string></value></param>\
         <param><value><boolean>0</boolean></value></param></params></methodCall>\n"
    );
}

proptest! {
    #[test]
    fn rubbish_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn damaged_answers_are_no_panic(
        at in 0..INFO.len(), length in 0..40_usize, text in "[<>/&;a-z#x0-9 é]{0,12}",
    ) {
        let mut bytes = INFO.as_bytes().to_vec();
        let end = bytes.len().min(at + length);
        bytes.splice(at..end, text.bytes());
        let _ = parse(&bytes);
    }

    #[test]
    fn what_a_call_escapes_an_answer_gives_back(text in "[ -~\t\n\ré\u{1F600}]{0,40}") {
        let mut escaped = String::new();
        escape(&mut escaped, &text);
        prop_assert_eq!(value(&format!("<value><string>{escaped}</string></value>")),
            Value::Text(text));
    }
}
