import AWS
import ByteKit
import TestKit
import Testing
import Transport

@Suite("A role's policies")
struct IdentityTests {
    private typealias Answer = ScriptedTransport.Answer

    /// Lists in pages of one name: a, b, c.
    private static func transport() -> ScriptedTransport {
        ScriptedTransport { request in
            guard case .bytes(let bytes) = request.body else { return Answer(400) }
            let form = String(decoding: bytes, as: UTF8.self)
            let page = form.contains("Marker=2") ? 2 : form.contains("Marker=1") ? 1 : 0
            let name = ["a", "b", "c"][page]
            let members =
                form.contains("ListRolePolicies")
                ? "<PolicyNames><member>\(name)</member></PolicyNames>"
                : "<AttachedPolicies><member><PolicyArn>arn:\(name)</PolicyArn></member></AttachedPolicies>"
            let more = page < 2 ? "<IsTruncated>true</IsTruncated><Marker>\(page + 1)</Marker>" : ""
            return Answer(200, [:], Array("<Answer><Result>\(members)\(more)</Result></Answer>".utf8))
        }
    }

    @Test("are listed from all pages")
    func pages() throws {
        let identity = IdentityAPI(try Fixture.client(Self.transport()))
        #expect(try identity.inlinePolicies(of: "r") == ["a", "b", "c"])
        #expect(try identity.attachedPolicies(of: "r") == ["arn:a", "arn:b", "arn:c"])
    }

    @Test("are no list without an end")
    func circle() throws {
        let transport = ScriptedTransport { _ in
            Answer(200, [:], Array("<A><IsTruncated>true</IsTruncated><Marker>1</Marker></A>".utf8))
        }
        let identity = IdentityAPI(try Fixture.client(transport))
        #expect(throws: AWSError.self) { _ = try identity.inlinePolicies(of: "r") }
    }
}
