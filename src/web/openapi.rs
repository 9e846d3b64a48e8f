//! The description of the API, made from the route table and the model by a test.

/// `docs/openapi.json`, as committed.
pub(super) const DESCRIPTION: &str = include_str!("../../docs/openapi.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};
    use utoipa::OpenApi;

    use super::DESCRIPTION;
    use crate::model::api::{ErrorBody, HealthBody, SessionBody, SignIn};
    use crate::model::cluster::{FreeBody, UsersBody};
    use crate::model::free::{FREE_GPUS_MAX, FREE_MODEL_MAX_BYTES};
    use crate::model::peer::{PollHead, PollRequest};
    use crate::model::recent::RecentDocument;
    use crate::model::server::ServerBody;
    use crate::model::wire::{HostDocument, OverviewDocument, ProcessesDocument};
    use crate::web::gate::Needs;
    use crate::web::routes::{Endpoint, ROUTES, Route, Verb};

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

    #[derive(OpenApi)]
    #[openapi(components(schemas(
        ErrorBody,
        FreeBody,
        HealthBody,
        HostDocument,
        OverviewDocument,
        PollHead,
        PollRequest,
        ProcessesDocument,
        RecentDocument,
        ServerBody,
        SessionBody,
        SignIn,
        UsersBody
    )))]
    struct Schemas;

    fn verb(route: &Route) -> &'static str {
        match route.method {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Delete => "delete",
        }
    }

    /// Pages are no API.
    fn described() -> impl Iterator<Item = Route> {
        ROUTES.into_iter().filter(|route| route.endpoint != Endpoint::Page)
    }

    fn body(schema: &str) -> Value {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        json!({"application/json": {"schema": schema}})
    }

    fn refusal(why: &str) -> Value {
        json!({"description": why, "content": body("ErrorBody")})
    }

    fn success(endpoint: Endpoint) -> (&'static str, Value) {
        let with = |schema| ("200", json!({"description": "Yes", "content": body(schema)}));
        match endpoint {
            Endpoint::Health => with("HealthBody"),
            Endpoint::ShowSession | Endpoint::SignIn => with("SessionBody"),
            Endpoint::SignOut => ("204", json!({"description": "Signed out"})),
            Endpoint::Overview => with("OverviewDocument"),
            Endpoint::Host => with("HostDocument"),
            Endpoint::Processes => with("ProcessesDocument"),
            Endpoint::Recent => with("RecentDocument"),
            Endpoint::Free => with("FreeBody"),
            Endpoint::Users => with("UsersBody"),
            Endpoint::FreeText | Endpoint::UsersText => {
                let content = json!({"text/plain": {"schema": {"type": "string"}}});
                ("200", json!({"description": "Lines to read", "content": content}))
            }
            Endpoint::Server => with("ServerBody"),
            Endpoint::PeerPoll => {
                let frames = json!({"type": "array", "items": {"type": "object"}});
                let frames = json!({
                    "type": "object",
                    "required": ["frames"],
                    "properties": {"frames": frames},
                });
                let head = json!({"$ref": "#/components/schemas/PollHead"});
                let schema = json!({"allOf": [head, frames]});
                let content = json!({"application/json": {"schema": schema}});
                ("200", json!({"description": "The head, and the frames", "content": content}))
            }
            Endpoint::Metrics => {
                let text = json!({"schema": {"type": "string"}});
                let content = json!({
                    "application/openmetrics-text": text,
                    "text/plain": text,
                });
                (
                    "200",
                    json!({"description": "OpenMetrics 1.0, or the Prometheus text format 0.0.4, by Accept", "content": content}),
                )
            }
            Endpoint::OpenApi => {
                let any = json!({"application/json": {"schema": {"type": "object"}}});
                ("200", json!({"description": "This description", "content": any}))
            }
            Endpoint::Socket => ("101", json!({"description": "Becomes a WebSocket"})),
            Endpoint::Page => ("200", json!({"description": "The page"})),
        }
    }

    fn operation(route: &Route) -> Value {
        let (status, yes) = success(route.endpoint);
        let mut responses = json!({
            status: yes,
            "400": refusal("Could not be understood"),
            "403": refusal("Not for this role, or not meant for this server"),
            "429": refusal("Too many; Retry-After tells when to come back"),
            "503": refusal("Not now; Retry-After tells when to come back"),
        });
        let mut operation = json!({
            "summary": route.summary,
            "operationId": format!("{:?}", route.endpoint),
        });
        if let Needs::Role(least) = route.needs {
            responses["401"] = refusal("Not signed in");
            operation["description"] =
                json!(format!("Needs the role {} at least.", least.as_str()));
            operation["security"] = json!([{"session": []}, {"token": []}, {}]);
        }
        if route.endpoint == Endpoint::SignIn {
            responses["401"] = refusal("Not the access token");
            responses["413"] = refusal("The body is too large");
            operation["requestBody"] = json!({"required": true, "content": body("SignIn")});
        }
        if route.endpoint == Endpoint::PeerPoll {
            responses["413"] = refusal("The question is too large");
            operation["requestBody"] = json!({"required": true, "content": body("PollRequest")});
        }
        let parameter = |name: &str, place: &str, required: bool, schema: Value| json!({"name": name, "in": place, "required": required, "schema": schema});
        let mut parameters = Vec::new();
        if route.path.contains("{id}") {
            responses["404"] = refusal("There is no such host");
            let id = json!({"type": "string", "pattern": "^[a-z0-9._-]{1,64}$"});
            parameters.push(parameter("id", "path", true, id));
        }
        if route.endpoint == Endpoint::Socket {
            let encoding = json!({"type": "string", "enum": ["text", "deflate"]});
            parameters.push(parameter("encoding", "query", false, encoding));
        }
        if matches!(route.endpoint, Endpoint::Free | Endpoint::FreeText) {
            let model = json!({"type": "string", "maxLength": FREE_MODEL_MAX_BYTES});
            for (name, schema) in [
                ("gpus", json!({"type": "integer", "minimum": 1, "maximum": FREE_GPUS_MAX})),
                ("memory_bytes", json!({"type": "integer", "minimum": 0})),
                (
                    "memory",
                    json!({"type": "string", "pattern": "^[0-9.]+ ?[KMGTkmgt](i?[Bb])?$", "example": "40G"}),
                ),
                ("model", model),
                ("same_host", json!({"type": "boolean"})),
            ] {
                parameters.push(parameter(name, "query", false, schema));
            }
        }
        if matches!(route.endpoint, Endpoint::Users | Endpoint::UsersText) {
            let user = json!({"type": "string", "minLength": 1, "maxLength": 256});
            parameters.push(parameter("user", "query", false, user));
        }
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        operation["responses"] = responses;
        operation
    }

    fn made() -> String {
        let mut all = serde_json::to_value(Schemas::openapi()).unwrap();
        all["info"] = json!({
            "title": "smonitor",
            "description": "A live, read-only monitor for shared GPU servers.",
            "version": "1",
            "license": {"name": "MIT", "identifier": "MIT"},
        });
        all["paths"] = json!({});
        for route in described() {
            all["paths"][route.path][verb(&route)] = operation(&route);
        }
        all["components"]["securitySchemes"] = json!({
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "smonitor_<tag>",
                "description": "Set by POST /api/v1/session.",
            },
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The access token that was printed at the first start.",
            },
        });
        format!("{}\n", serde_json::to_string_pretty(&all).unwrap())
    }

    #[test]
    fn the_description_is_made_from_routes_and_types() {
        let made = made();
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(FILE, &made).unwrap();
            return;
        }
        assert!(
            made == DESCRIPTION,
            "docs/openapi.json is out of date: run UPDATE_GENERATED=1 cargo test openapi"
        );
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let described: BTreeSet<_> =
            described().map(|route| (route.path.to_owned(), verb(&route).to_owned())).collect();
        let committed: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let mut found = BTreeSet::new();
        for (path, methods) in committed["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                found.insert((path.clone(), method.clone()));
            }
        }
        assert_eq!(found, described);
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let committed: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let schemas = committed["components"]["schemas"].as_object().unwrap();
        for piece in DESCRIPTION.split("\"#/components/schemas/").skip(1) {
            let name = piece.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is named and not described");
        }
    }
}
