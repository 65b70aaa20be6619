/// placeholder until the page is written
package struct InspectionPage {
    private let inspection: Inspection
    package init(_ inspection: Inspection) { self.inspection = inspection }
    package func html() -> [UInt8] { [] }
}
