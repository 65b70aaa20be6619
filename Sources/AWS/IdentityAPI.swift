package import JSON
internal import Transport

/// IAM and STS, as far as roles made here need them.
package struct IdentityAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    private static let version = "2010-05-08"

    package struct Role: Sendable, Equatable {
        package var name: String
        package var arn: String
        package var trust: JSON
        package var description: String
        package var tags: [String: String]
    }

    /// The number of the account that the credentials belong to.
    package func account() throws(AWSError) -> String {
        let answer = try client.xml(
            AWSRequest(.sts, "GetCallerIdentity", query: [], version: "2011-06-15"))
        guard let account = answer.find("Account")?.text, !account.isEmpty else {
            throw AWSError(.answer, "STS did not say whose credentials these are")
        }
        return account
    }

    package func role(_ name: String) throws(AWSError) -> Role? {
        guard let element = try optional("GetRole", [("RoleName", name)])?.find("Role") else { return nil }
        let trust = element["AssumeRolePolicyDocument"].map { PercentEncoding.decode($0.text) } ?? []
        return Role(
            name: name, arn: element["Arn"]?.text ?? "", trust: (try? JSON.parse(trust)) ?? .null,
            description: element["Description"]?.text ?? "", tags: Self.tags(element["Tags"]))
    }

    package func createRole(
        _ name: String, trust: JSON, description: String, tags: [String: String]
    ) throws(AWSError) -> String {
        let answer = try ask(
            "CreateRole",
            [
                ("RoleName", name), ("AssumeRolePolicyDocument", Self.text(trust)), ("Description", description),
            ] + Self.parameters(tags))
        return answer.find("Arn")?.text ?? ""
    }

    package func updateTrust(_ name: String, _ trust: JSON) throws(AWSError) {
        _ = try ask("UpdateAssumeRolePolicy", [("RoleName", name), ("PolicyDocument", Self.text(trust))])
    }

    /// A policy that is part of a role; nil when there is none of this name.
    package func policy(_ policy: String, of role: String) throws(AWSError) -> JSON? {
        let answer = try optional("GetRolePolicy", [("RoleName", role), ("PolicyName", policy)])
        return answer?.find("PolicyDocument").flatMap { try? JSON.parse(PercentEncoding.decode($0.text)) }
    }

    package func putPolicy(_ policy: String, _ document: JSON, of role: String) throws(AWSError) {
        _ = try ask(
            "PutRolePolicy",
            [("RoleName", role), ("PolicyName", policy), ("PolicyDocument", Self.text(document))])
    }

    package func attach(_ policyARN: String, to role: String) throws(AWSError) {
        _ = try ask("AttachRolePolicy", [("RoleName", role), ("PolicyArn", policyARN)])
    }

    package func attachedPolicies(of role: String) throws(AWSError) -> [String] {
        try pages("ListAttachedRolePolicies", "AttachedPolicies", of: role).compactMap { $0["PolicyArn"]?.text }
    }

    package func inlinePolicies(of role: String) throws(AWSError) -> [String] {
        try pages("ListRolePolicies", "PolicyNames", of: role).map(\.text)
    }

    /// The members of a list about a role, from all its pages.
    private func pages(_ action: String, _ list: String, of role: String) throws(AWSError) -> [XML] {
        var found: [XML] = []
        var (tokens, marker) = (PageTokens(), String?.none)
        repeat {
            let answer = try optional(
                action, [("RoleName", role)] + (marker.map { [("Marker", $0)] } ?? []))
            found += answer?.find(list)?.all("member") ?? []
            let isMore = answer?.find("IsTruncated")?.text == "true"
            marker = try tokens.next(isMore ? answer?.find("Marker")?.text : nil, after: "iam \(action)")
        } while marker != nil
        return found
    }

    /// Removes a role and the policies that are part of it; what is not there is no error.
    package func deleteRole(_ name: String) throws(AWSError) {
        for policy in try inlinePolicies(of: name) {
            _ = try optional("DeleteRolePolicy", [("RoleName", name), ("PolicyName", policy)])
        }
        for arn in try attachedPolicies(of: name) {
            _ = try optional("DetachRolePolicy", [("RoleName", name), ("PolicyArn", arn)])
        }
        _ = try optional("DeleteRole", [("RoleName", name)])
    }

    // MARK: Instance profiles

    /// What makes a machine be a role.
    package struct InstanceProfile: Sendable, Equatable {
        /// Names: one at most.
        package var roles: [String]
        package var tags: [String: String]
    }

    package func instanceProfile(_ name: String) throws(AWSError) -> InstanceProfile? {
        guard
            let element = try optional("GetInstanceProfile", [("InstanceProfileName", name)])?.find("InstanceProfile")
        else { return nil }
        let roles = (element["Roles"]?.all("member") ?? []).compactMap { $0["RoleName"]?.text }
        return InstanceProfile(roles: roles, tags: Self.tags(element["Tags"]))
    }

    package func createInstanceProfile(_ name: String, tags: [String: String]) throws(AWSError) {
        _ = try ask("CreateInstanceProfile", [("InstanceProfileName", name)] + Self.parameters(tags))
    }

    package func add(role: String, toInstanceProfile name: String) throws(AWSError) {
        _ = try ask("AddRoleToInstanceProfile", [("InstanceProfileName", name), ("RoleName", role)])
    }

    package func deleteInstanceProfile(_ name: String) throws(AWSError) {
        for role in try instanceProfile(name)?.roles ?? [] {
            _ = try optional(
                "RemoveRoleFromInstanceProfile", [("InstanceProfileName", name), ("RoleName", role)])
        }
        _ = try optional("DeleteInstanceProfile", [("InstanceProfileName", name)])
    }

    // MARK: Helpers

    private func ask(_ action: String, _ parameters: [(name: String, value: String)]) throws(AWSError) -> XML {
        try client.xml(AWSRequest(.iam, action, query: parameters, version: Self.version))
    }

    private func optional(
        _ action: String, _ parameters: [(name: String, value: String)]
    ) throws(AWSError) -> XML? {
        do throws(AWSError) {
            return try ask(action, parameters)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private static func text(_ json: JSON) -> String { String(decoding: json.text(), as: UTF8.self) }

    private static func parameters(_ tags: [String: String]) -> [(name: String, value: String)] {
        tags.sorted { $0.key < $1.key }.enumerated().flatMap { index, tag in
            [("Tags.member.\(index + 1).Key", tag.key), ("Tags.member.\(index + 1).Value", tag.value)]
        }
    }

    private static func tags(_ element: XML?) -> [String: String] {
        var tags: [String: String] = [:]
        for member in element?.all("member") ?? [] { tags[member["Key"]?.text ?? ""] = member["Value"]?.text ?? "" }
        return tags
    }
}
