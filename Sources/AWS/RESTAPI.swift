package import JSON
internal import Transport

/// API Gateway's REST APIs. API reference, "Amazon API Gateway", 2015-07-09.
package struct RESTAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    private static let apis = "/restapis"

    package struct API: Sendable, Equatable {
        package var id: String
        package var name: String
        package var tags: [String: String]
        /// Each stage's name, and the description of what is deployed there.
        package var stages: [String: String] = [:]
    }

    /// The APIs that carry a tag.
    package func apis(tagged name: String, _ value: String) throws(AWSError) -> [API] {
        var found: [API] = []
        var (tokens, position) = (PageTokens(), String?.none)
        repeat {
            let query = [(name: "limit", value: "500")] + (position.map { [("position", $0)] } ?? [])
            let json = try client.json(AWSRequest(.restAPI, "GetRestApis", .get, Self.apis, query: query))
            for item in json["item"]?.array ?? [] where item["tags"]?.texts[name] == value {
                let id = item["id"]?.string ?? ""
                found.append(
                    API(
                        id: id, name: item["name"]?.string ?? "", tags: item["tags"]?.texts ?? [:],
                        stages: try stages(of: id)))
            }
            position = try tokens.next(json["position"]?.string, after: "GetRestApis")
        } while position != nil
        return found
    }

    private func stages(of id: String) throws(AWSError) -> [String: String] {
        var found: [String: String] = [:]
        let json = try client.json(AWSRequest(.restAPI, "GetStages", .get, "\(Self.apis)/\(id)/stages"))
        for stage in json["item"]?.array ?? [] {
            guard let name = stage["stageName"]?.string, let deployment = stage["deploymentId"]?.string else {
                continue
            }
            let path = "\(Self.apis)/\(id)/deployments/\(URL.encode(deployment))"
            found[name] =
                try client.json(AWSRequest(.restAPI, "GetDeployment", .get, path))["description"]?.string ?? ""
        }
        return found
    }

    /// Makes an empty API; gives its id.
    package func create(_ name: String, tags: [String: String]) throws(AWSError) -> String {
        let endpoint = JSON.object([("types", .array([.string("REGIONAL")]))])
        let members: [(name: StaticString, json: JSON)] = [
            ("name", .string(name)), ("endpointConfiguration", endpoint),
            // Every body may be binary: what is text for one caller is a picture for another.
            ("binaryMediaTypes", .array([.string("*/*")])), ("tags", .record(tags)),
        ]
        var request = AWSRequest(.restAPI, "CreateRestApi", .post, Self.apis, json: .object(members))
        request.isRepeatable = false
        return try client.json(request)["id"]?.string ?? ""
    }

    /// Makes an API what an OpenAPI document says.
    package func put(_ document: JSON, into id: String) throws(AWSError) {
        _ = try client.json(
            AWSRequest(
                .restAPI, "PutRestApi", .put, "\(Self.apis)/\(id)", query: [("mode", "overwrite")], json: document))
    }

    /// Makes what the API is now what callers of a stage get.
    package func deploy(_ id: String, stage: String, description: String) throws(AWSError) {
        _ = try client.json(
            AWSRequest(
                .restAPI, "CreateDeployment", .post, "\(Self.apis)/\(id)/deployments",
                json: .object([("stageName", .string(stage)), ("description", .string(description))])))
    }

    package func delete(_ id: String) throws(AWSError) {
        do throws(AWSError) {
            _ = try client.send(AWSRequest(.restAPI, "DeleteRestApi", .delete, "\(Self.apis)/\(id)"))
        } catch {
            guard error.isNotFound else { throw error }
        }
    }
}
