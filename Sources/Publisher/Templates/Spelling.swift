internal import AWS
internal import JSON

/// How the names of settings are spelled: the services' APIs, CloudFormation and Terraform have the same ones, and each
/// writes them in its way.
enum Spelling {
    typealias Members = [(name: String, json: JSON)]

    /// As CloudFormation has them: `computeResources` is `ComputeResources`.
    static func capitalised(_ members: BatchAPI.Members) -> Members {
        respelled(members) { $0.prefix(1).uppercased() + $0.dropFirst() }
    }

    /// As Terraform has them: `computeResources` is `compute_resources`.
    static func lined(_ members: BatchAPI.Members) -> Members {
        respelled(members) { name in
            if let own = terraform[name] { return own }
            return name.reduce(into: "") { text, letter in
                text += letter.isUppercase && !text.isEmpty ? "_\(letter.lowercased())" : letter.lowercased()
            }
        }
    }

    /// Where Terraform has names of its own.
    private static let terraform = [
        "jobQueueName": "name", "jobDefinitionName": "name", "maxvCpus": "max_vcpus", "minvCpus": "min_vcpus",
        "instanceTypes": "instance_type",
    ]

    private static func respelled(_ members: BatchAPI.Members, _ name: (String) -> String) -> Members {
        members.map { (name($0.name.description), respelled($0.json, name)) }
    }

    private static func respelled(_ json: JSON, _ name: (String) -> String) -> JSON {
        switch json.value {
        case .array(let items): return .array(items.map { respelled($0, name) })
        case .object(let members):
            let respelled = members.map { member in
                let old = String(decoding: member.name, as: UTF8.self)
                // What a log driver is told is no setting of AWS's.
                return (name: name(old), json: old == "options" ? member.json : Self.respelled(member.json, name))
            }
            return .object(named: respelled)
        default: return json
        }
    }
}
