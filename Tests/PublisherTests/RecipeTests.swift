import AWS
import ByteKit
import Publisher
import Recipe
import TestKit
import Testing
import Toolchain

extension EmulatorTests {
    /// What is published are the recipes as they are; the packages stand for theirs, as publishing does not look into one.
    @Suite("a recipe of ours, with an API, a trigger and jobs,")
    struct RecipeTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        /// What a function can be made from.
        enum Form: String, CaseIterable { case zip, layer, image, runtime }

        static let recipes: [String] = {
            let list = try? Peer.run("sh", ["-c", "cd \"$1\" && ls *.json", "sh", Products.repository + "/recipes"])
            return list?.text.split(separator: "\n").map(String.init) ?? []
        }()

        /// Each recipe in each form that was asked for, or in one when none was.
        static let publications: [(recipe: String, form: Form)] = {
            let asked = (Peer.environment("SCAR_TEST_FORMS") ?? "").split(separator: " ").map { word in
                guard let form = Form(rawValue: String(word)) else { fatalError("SCAR_TEST_FORMS: no form \(word)") }
                return form
            }
            return recipes.indices.flatMap { index in
                (asked.isEmpty ? [Form.allCases[index % Form.allCases.count]] : asked).map { (recipes[index], $0) }
            }
        }()

        private func deployment(_ name: String, _ form: Form) throws -> Deployment {
            let path = "\(Products.repository)/recipes/\(name)"
            let file = try RecipeParser.parse(try InputFile.contents(of: path, limit: 1 << 20), path: path)
            let recipe = try #require(file.functions.first)
            #expect(file.functions.count == 1)
            try Deployments.check(recipe)
            var code = PublishableCode(package: form == .image ? nil : try fixture.package())
            switch form {
            case .zip: break
            case .layer:
                // The function's zip is read when it is sent, so the layer is another file.
                let zip = fixture.folder.path + "/layer.zip"
                try #require(try Peer.run("cp", [try #require(code.package).path, zip]).status == 0)
                code.layer = try Deployment.Package(at: zip)
            case .image: code.image = try fixture.image()
            case .runtime: code.runtime = try fixture.image()
            }
            var deployment = Deployments.deployment(of: recipe, code)
            // What this recipe does without.
            deployment.api = deployment.api ?? .init(name: deployment.name, authorization: .none)
            if deployment.inputs.isEmpty { deployment.inputs = [.init(bucket: "\(deployment.name)-in", folder: "in")] }
            deployment.job = deployment.job ?? .init(takesAll: false, events: .init(bucket: "events", folder: "long"))
            deployment.image = try deployment.image ?? fixture.image("job")
            return deployment
        }

        @Test(
            "is published in every form, again without a change, with other memory by one call, a version and an alias, and removed without a rest",
            arguments: recipes)
        func life(recipe: String) throws {
            for form in Form.allCases {
                var deployment = try deployment(recipe, form)
                try fixture.publish(deployment)
                try fixture.emulator.clear()
                #expect(try fixture.publish(deployment) == [], "\(form)")
                #expect(try fixture.emulator.changes() == [], "\(form)")
                deployment.function.memory += 64
                try fixture.publish(deployment)
                let changes = try fixture.emulator.changes()
                #expect(changes == ["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"], "\(form)")
                #expect(try fixture.emulator.problems() == [], "\(form)")
                try fixture.remove(deployment.name)
                #expect(try fixture.leftovers() == [], "\(form)")
            }
        }

        @Test("was looked at in every form: there are fifteen")
        func all() { #expect(Self.recipes.count >= 15) }

        // MARK: - Killed

        /// Makes a plan and is killed after its first change, or a later one when the last attempt came no further; and again,
        /// until there is nothing to do. Gives how often.
        private func killedUntilDone(_ plan: (FunctionPublisher) throws -> Plan?) throws -> Int {
            var (kills, left, changes) = (0, Int.max, 0)
            while kills < 200 {
                try fixture.emulator.clear()
                let publisher = FunctionPublisher(try fixture.session(), options: fixture.options)
                guard let plan = try plan(publisher), !plan.isEmpty else { return kills }
                changes = plan.changes.count < left ? 0 : changes + 1
                left = plan.changes.count
                try fixture.emulator.cut(afterChanges: changes)
                try? publisher.apply(plan) { _, _ in }
                #expect(try fixture.emulator.problems() == [])
                kills += 1
            }
            Issue.record("it comes to no end")
            return kills
        }

        @Test(
            "is there as it should be however often publishing was killed, and is gone however often its removal was",
            arguments: publications)
        func killed(recipe: String, form: Form) throws {
            let deployment = try deployment(recipe, form)
            let kills = try killedUntilDone { try $0.plan(deployment) }
            #expect(kills >= 20)
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == [])
            let removals = try killedUntilDone { publisher in
                do {
                    return try Removal(publisher.session).plan(deployment.name).plan
                } catch let error as PublishError where error.code == .notFound {
                    return nil
                }
            }
            #expect(removals >= 12)
            try fixture.emulator.clear()
            #expect(try fixture.leftovers() == [])
        }
    }
}
