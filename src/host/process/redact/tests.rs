use super::*;

fn masked(line: &[&str]) -> String {
    let arguments: Vec<String> = line.iter().map(|&argument| argument.to_owned()).collect();
    mask(&arguments).join(" ")
}

/// A key of the shape `prefix…`, put together here so that no scanner takes it for a leaked one.
fn key(prefix: &str, length: usize) -> String {
    let filler = "a1B2c3D4e5F6g7H8i9J0".chars().cycle().take(length);
    prefix.chars().chain(filler).collect()
}

#[test]
fn secrets_are_masked() {
    #[rustfmt::skip]
    let cases: &[(&[&str], &str)] = &[
        // By name, joined and apart.
        (&["serve", "--token=s3cr3t", "--port", "80"], "serve --token=*** --port 80"),
        (&["serve", "--token", "s3cr3t", "--port", "80"], "serve --token *** --port 80"),
        (&["serve", "-token", "s3cr3t"], "serve -token ***"),
        (&["serve", "--api-key", "k1", "--x"], "serve --api-key *** --x"),
        (&["serve", "--api_key=k1"], "serve --api_key=***"),
        (&["serve", "--apiKey", "k1"], "serve --apiKey ***"),
        (&["serve", "--apikey=k1,k2"], "serve --apikey=***"),
        (&["serve", "--openai-api-key", "x y z"], "serve --openai-api-key ***"),
        (&["serve", "--password=correct horse battery"], "serve --password=***"),
        (&["serve", "--passwd", "pw"], "serve --passwd ***"),
        (&["serve", "--db.password=pw"], "serve --db.password=***"),
        (&["serve", "--dbpassword", "pw"], "serve --dbpassword ***"),
        (&["serve", "--client-secret", "pw"], "serve --client-secret ***"),
        (&["serve", "--passphrase", "pw"], "serve --passphrase ***"),
        (&["serve", "--hf-token", "abc"], "serve --hf-token ***"),
        (&["serve", "--hftoken=abc"], "serve --hftoken=***"),
        (&["serve", "--hub_token", "abc"], "serve --hub_token ***"),
        (&["serve", "--secret-key", "abc"], "serve --secret-key ***"),
        (&["code", "--connection-token", "abc"], "code --connection-token ***"),
        (&["ray", "start", "--redis-password=5241590000000000"], "ray start --redis-password=***"),
        (&["jupyter-lab", "--ServerApp.token=abc", "--no-browser"], "jupyter-lab --ServerApp.token=*** --no-browser"),
        (&["jupyter-lab", "--NotebookApp.password=sha1:1:2"], "jupyter-lab --NotebookApp.password=***"),
        (&["java", "-Dspring.datasource.password=pw", "-jar", "a.jar"], "java -Dspring.datasource.password=*** -jar a.jar"),
        (&["java", "-Djavax.net.ssl.keyStorePassword=pw"], "java -Djavax.net.ssl.keyStorePassword=***"),
        (&["redis-server", "--requirepass", "pw"], "redis-server --requirepass ***"),
        (&["x", "--token", "-A1b2C3d4E5f6G7h8I9j0k1"], "x --token ***"),
        (&["gradio", "--auth", "admin:pw"], "gradio --auth admin:***"),
        (&["gradio", "--auth=admin:pw:2"], "gradio --auth=admin:***"),
        (&["x", "--credentials", "abc"], "x --credentials ***"),
        (&["vllm", "--api-key", "first", "a1b2c3d4e5f6a7b8c9d0e1f2", "--port", "1"], "vllm --api-key *** *** --port 1"),
        (&["openssl", "rsa", "-passin", "pass:pw"], "openssl rsa -passin pass:***"),
        (&["x", "--pass", "pass:pw"], "x --pass pass:***"),
        // Environment and settings.
        (&["env", "DB_PASSWORD=pw", "run"], "env DB_PASSWORD=*** run"),
        (&["env", "AWS_SECRET_ACCESS_KEY=a/b+c", "run"], "env AWS_SECRET_ACCESS_KEY=*** run"),
        (&["env", "WANDB_API_KEY=abc"], "env WANDB_API_KEY=***"),
        (&["docker", "run", "-e", "FOO_SECRET=abc", "img"], "docker run -e FOO_SECRET=*** img"),
        (&["docker", "run", "-eFOO_SECRET=abc", "img"], "docker run -eFOO_SECRET=*** img"),
        (&["docker", "run", "--env=FOO_SECRET=abc", "img"], "docker run --env=FOO_SECRET=*** img"),
        (&["helm", "--set", "auth.password=x,image.tag=3"], "helm --set auth.password=***,image.tag=3"),
        (&["mount", "-o", "user=me,password=x"], "mount -o user=me,password=***"),
        (&["mount", "-o", "password=x,domain=D"], "mount -o password=***,domain=D"),
        (&["x", "password=correct horse, battery"], "x password=***"),
        (&["kubectl", "--from-literal=password=x"], "kubectl --from-literal=password=***"),
        (&["psql", "host=db password=pw user=me"], "psql host=db password=*** user=me"),
        (&["psql", "host=db password='p w' user=me"], "psql host=db password='***' user=me"),
        (&["x", "Server=h;Pwd=abc;Database=d"], "x Server=h;Pwd=***;Database=d"),
        (&["x", "AccountKey=abc=="], "x AccountKey=***"),
        (&["x", r#"{"user":"me","password":"p w","n":1}"#], r#"x {"user":"me","password":"***","n":1}"#),
        (&["x", r#"{"api_key": "k", "n": 1}"#], r#"x {"api_key": "***", "n": 1}"#),
        (&["x", "{'token': 'k'}"], "x {'token': '***'}"),
        // Headers.
        (&["curl", "-H", "Authorization: Bearer abcdefgh"], "curl -H Authorization: Bearer ***"),
        (&["curl", "-H", "Authorization: Basic dTpw", "h"], "curl -H Authorization: Basic *** h"),
        (&["curl", "-H", "authorization:abc"], "curl -H authorization:***"),
        (&["curl", "-H", "X-Api-Key: abc"], "curl -H X-Api-Key: ***"),
        (&["curl", "-H", "PRIVATE-TOKEN: abc"], "curl -H PRIVATE-TOKEN: ***"),
        (&["http", "X-Auth-Token:abc"], "http X-Auth-Token:***"),
        (&["curl", "-H", "Cookie: a=1; b=2"], "curl -H Cookie: ***"),
        (&["git", "-c", "http.extraHeader=Authorization: Basic dTpw"], "git -c http.extraHeader=Authorization: Basic ***"),
        (&["x", "say bearer abcdefgh12345678 now"], "x say bearer *** now"),
        // URLs.
        (&["git", "clone", "https://me:pw@host/r.git"], "git clone https://me:***@host/r.git"),
        (&["x", "postgres://u:p:w@db:5432/d?x=1"], "x postgres://u:***@db:5432/d?x=1"),
        (&["x", "redis://:pw@db"], "x redis://:***@db"),
        (&["x", "amqp://u:p/w#d@mq/v"], "x amqp://u:***@mq/v"),
        (&["x", "mongodb://u:p,w@a,b/d"], "x mongodb://u:***@a,b/d"),
        (&["x", "--proxy=http://u:pw@p:3128"], "x --proxy=http://u:***@p:3128"),
        (&["x", "jdbc:mysql://u:pw@h/d"], "x jdbc:mysql://u:***@h/d"),
        (&["x", "https://h/p?user=me&token=abc&n=1"], "x https://h/p?user=me&token=***&n=1"),
        (&["x", "https://h/p?X-Amz-Signature=abc"], "x https://h/p?X-Amz-Signature=***"),
        (&["x", "https://0123456789abcdef0123456789abcdef@o1.example.org/2"], "x https://***@o1.example.org/2"),
        // Programs.
        (&["mysql", "-u", "root", "-psecret", "db"], "mysql -u root -p*** db"),
        (&["/usr/bin/mysqldump", "-psecret", "db"], "/usr/bin/mysqldump -p*** db"),
        (&["sudo", "-E", "mysql", "-psecret"], "sudo -E mysql -p***"),
        (&["sshpass", "-p", "pw", "ssh", "-p", "22", "h"], "sshpass -p *** ssh -p 22 h"),
        (&["sshpass", "-ppw", "scp", "-p", "a", "h:"], "sshpass -p*** scp -p a h:"),
        (&["curl", "-u", "me:pw", "https://h"], "curl -u me:*** https://h"),
        (&["curl", "-ume:pw", "https://h"], "curl -ume:*** https://h"),
        (&["curl", "--user", "me:pw:2", "h"], "curl --user me:*** h"),
        (&["curl", "--user=me:pw", "h"], "curl --user=me:*** h"),
        (&["redis-cli", "-a", "pw", "ping"], "redis-cli -a *** ping"),
        (&["docker", "login", "-u", "me", "-p", "pw", "reg"], "docker login -u me -p *** reg"),
        (&["ldapsearch", "-D", "cn=a", "-w", "pw", "-x"], "ldapsearch -D cn=a -w *** -x"),
        (&["smbclient", "//h/s", "-U", "me%pw"], "smbclient //h/s -U me%***"),
        (&["7z", "x", "-ppw", "a.7z"], "7z x -p*** a.7z"),
        (&["ipmitool", "-H", "h", "-P", "pw", "sdr"], "ipmitool -H h -P *** sdr"),
        (&["xfreerdp", "/u:me", "/p:pw", "/v:h"], "xfreerdp /u:me /p:*** /v:h"),
        (&["nmcli", "dev", "wifi", "connect", "n", "password", "pw"], "nmcli dev wifi connect n password ***"),
        (&["ngrok", "config", "add-authtoken", "abc"], "ngrok config add-authtoken ***"),
        // A command line within one.
        (&["sh", "-c", "serve --token abc --port 80"], "sh -c serve --token *** --port 80"),
        (&["sh", "-c", "cd /x && mysql -psecret db"], "sh -c cd /x && mysql -p*** db"),
        (&["bash", "-c", "curl -H 'Authorization: Bearer abcdefgh' h"], "bash -c curl -H 'Authorization: Bearer ***' h"),
        (&["bash", "-c", "export A=1 API_TOKEN=abc; run"], "bash -c export A=1 API_TOKEN=***; run"),
        (&["serve --token abc --port 80"], "serve --token *** --port 80"),
        (&["sh", "-c", "PGPASSWORD=abc pg_dump"], "sh -c PGPASSWORD=***"),
    ];
    for (line, wanted) in cases {
        assert_eq!(masked(line), *wanted);
    }
}

#[test]
fn keys_are_known_by_their_shape() {
    for (prefix, length) in [
        ("ghp_", 36),
        ("github_pat_", 60),
        ("glpat-", 20),
        ("hf_", 34),
        ("xoxb-", 40),
        ("AIza", 35),
        ("npm_", 36),
        ("nvapi-", 64),
        ("gsk_", 52),
        ("sk-", 48),
        ("sk-proj-", 48),
        ("sk-ant-api03-", 90),
        ("sk_live_", 24),
        ("hvs.", 24),
    ] {
        let key = key(prefix, length);
        for line in [
            format!("x {key}"),
            format!("x a={key}"),
            format!("x \"{key}\","),
            format!("x https://{key}@host/"),
            format!("x https://host/{key}/"),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let masked = masked(&words);
            assert!(!masked.contains(&key[prefix.len() + 2..]), "{line} → {masked}");
        }
    }
    let aws = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
    assert_eq!(masked(&["x", &aws]), "x AKIA***");
    let deep = ["sk-", &"0a1b2c3d".repeat(4)].concat();
    assert_eq!(masked(&["x", &deep]), "x sk-***");
    let web = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "c2lnbmF0dXJl"].join(".");
    assert_eq!(masked(&["x", &format!("a={web};b")]), "x a=***;b");
    // Only where a word begins: this one is part of something else.
    assert_eq!(masked(&["x", &key("ask-", 48)]), format!("x {}", key("ask-", 48)));
    let nested = format!("x-sk-{}", key("sk-", 48));
    assert_eq!(masked(&["x", &nested]), "x x-sk-***");
    let pem = "-----BEGIN RSA PRIVATE KEY-----␊MIIE␊-----END RSA PRIVATE KEY-----";
    assert_eq!(masked(&["x", pem]), "x -----BEGIN RSA PRIVATE KEY-----***");
}

#[test]
fn ordinary_arguments_are_left_alone() {
    #[rustfmt::skip]
    let cases: &[&[&str]] = &[
        &["serve", "--tokenizer", "bert-base", "--max-tokens", "512", "--keyboard", "us"],
        &["train.py", "--max_new_tokens=64", "--num-tokens", "8", "--token-budget", "100"],
        &["train.py", "--pad-token", "[PAD]", "--eos_token=</s>", "--image-token", "img"],
        &["train.py", "--placeholder_token", "cat-toy", "--initializer_token", "toy"],
        &["train.py", "--tokenizer_name=gpt2", "--tokens_per_batch", "4096"],
        &["train.py", "--key-bits", "8", "--monkey", "x", "--key", "value", "--keys", "a,b"],
        &["train.py", "--use_auth_token", "--output", "o"],
        &["train.py", "--use-auth-token=true", "--token=none", "--password=false"],
        &["train.py", "--author", "me", "--secretary", "x", "--passes", "3", "--bypass", "y"],
        &["train.py", "--data", "/data/token=3/part", "--compass", "n"],
        &["ffmpeg", "-pass", "1", "-i", "in.mp4"],
        &["x", "--password-file", "/run/pw", "--token-file=/run/t", "--token-ttl", "5m"],
        &["x", "--private-key", "/etc/k.pem", "--ssh-key=~/.ssh/id", "--tls-key", "server.key"],
        &["x", "--credentials", "/home/me/key.json"],
        &["docker", "login", "--password-stdin", "reg"],
        &["docker", "run", "-p", "8080:80", "--user", "1000:1000", "img:tag"],
        &["docker", "run", "-v", "secret:/run/secret", "my/auth-token:latest"],
        &["docker", "build", "--secret", "id=s,src=f", "."],
        &["docker", "pull", "repo:tag@sha256:0123"],
        &["psql", "--no-password", "db"],
        &["ssh", "-p", "2222", "me@host", "ls"],
        &["scp", "me@host:/a", "b"],
        &["git", "clone", "ssh://git@host:22/r.git", "git@host:r.git"],
        &["curl", "-u", "me", "https://host:8080/p", "--user-agent", "a:b"],
        &["mysql", "-p", "db", "--port=3306"],
        &["mysqld", "--datadir", "/var/lib/mysql", "-port", "3306"],
        &["x", "https://h/p?tokens=3&key=v", "http://[::1]:80/", "http://h:80"],
        &["x", "postgres://me@db/d", "http://$USER:$PW@h/"],
        &["x", "--token", "$TOKEN", "--password", "<password>", "--api-key=${KEY}"],
        &["openssl", "rsa", "-passin", "env:PW", "-passout", "file:/f"],
        &["sh", "-c", "echo $PASSWORD | x --password-stdin"],
        &["nginx: worker process"],
        &["sshd: me [priv]"],
        &["postgres: me db 10.0.0.1(5432) idle"],
        &["/usr/bin/python3", "-m", "http.server", "--directory", "/srv"],
        &["x", "sk-learn-benchmarks-2024-results-v2", "sk-image", "task-0123456789abcdef01"],
        &["x", "hf_transfer_cache_directory_for_models", "ghp_notes.txt"],
        &["x", "PWD=/home/me", "OLDPWD=/", "pwd=~/x", "KEYS=a", "KEY=v"],
        &["x", "secret::module::path", "token==1.0", "a:b:c"],
        &["x", "0123456789abcdef0123456789abcdef01234567"],
        &["x", "--checkpoint", "s3://bucket/a1b2c3d4e5f6a7b8c9d0/model.pt"],
        &["grep", "-r", "password", "file"],
        &["x", "--cookie-jar", "f", "--signature-version", "4", "--auth-type", "basic"],
        &["x", "--auth", "basic", "--auth=ldap"],
        &["/usr/lib/systemd/systemd", "--switched-root", "--system", "--deserialize", "31"],
        &["torchrun", "--nproc_per_node=8", "--rdzv_endpoint=h:29500", "train.py", "--lr=1e-4"],
        &["", "-", "--", "=", ":", "://", "@", "://:@", "a=", "--token", "--token=", "password:"],
    ];
    for line in cases {
        assert_eq!(masked(line), line.join(" "));
    }
}

#[test]
fn a_command_line_is_one_line_of_at_most_five_hundred_characters() {
    assert_eq!(command_lines(b"", false), None);
    assert_eq!(command_lines(b"\0\0", false), None);
    let both = |line: &str| Some((line.to_owned(), line.to_owned()));
    assert_eq!(command_lines(b"a\0b c\0\0\xff\x1b\n\0", false), both("a b c  \u{fffd}␛␊"));
    for (length, wanted) in [(499, 499), (500, 500), (501, 500), (5000, 500)] {
        let line = "é".repeat(length);
        let (masked, full) = command_lines(line.as_bytes(), false).unwrap();
        assert_eq!((masked.chars().count(), &masked), (wanted, &full));
        assert_eq!(masked.ends_with('…'), length > 500, "{length}");
    }
}

#[test]
fn a_secret_beyond_the_cut_is_masked_and_half_an_argument_is_not_shown() {
    let long = format!("x\0--token={}\0--port=1", "s".repeat(600));
    let (masked, full) = command_lines(long.as_bytes(), false).unwrap();
    assert_eq!(masked, "x --token=*** --port=1");
    assert!(full.starts_with("x --token=sss") && full.ends_with('…'));
    assert_eq!(command_lines(b"x\0--n=1\0--toke", true).unwrap().0, "x --n=1 …");
}

proptest::proptest! {
    #[test]
    fn never_panics_and_stays_short(bytes: Vec<u8>, cut: bool) {
        if let Some((masked, full)) = command_lines(&bytes, cut) {
            proptest::prop_assert!(masked.chars().count() <= COMMAND_MAX_CHARACTERS);
            proptest::prop_assert!(full.chars().count() <= COMMAND_MAX_CHARACTERS);
        }
    }

    #[test]
    fn any_mixture_of_what_matters_is_survived(
        line in "((--?|)(token|password|api[-_]key|Authorization|eyJ|sk-|user|é|://|@)?[=: '\",;&\0]{0,2}[a-z0-9é]{0,6}){0,12}",
        cut: bool,
    ) {
        let _ = command_lines(line.as_bytes(), cut);
    }

    #[test]
    fn a_named_secret_never_shows(
        name in "--(db-|hf_|my)?(token|password|api-key|secret)",
        secret in "Q[!-~]{7,40}Z",
        joined: bool,
    ) {
        let arguments = if joined {
            vec!["x".to_owned(), format!("{name}={secret}")]
        } else {
            vec!["x".to_owned(), name, secret.clone()]
        };
        proptest::prop_assert!(!mask(&arguments).join(" ").contains(&secret));
    }
}
