package io.github.influence4j.index;

import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.index.internal.coordinate.CoordinateCoder;
import io.github.influence4j.index.internal.coordinate.CoordinateLayout;
import io.github.influence4j.index.internal.coordinate.EigenvalueShares;
import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.sketch.ProjectionCoder;
import io.github.influence4j.index.internal.sketch.SectionCoder;

/** Makes what keeps and reads the sections of an index. */
final class Sections {

    private Sections() {}

    static SectionCoder coder(IndexSection section, IndexHeader header, EigenbasisCurvature curvature) {
        return section == IndexSection.SIGNS
                ? new ProjectionCoder(header.signs())
                : new CoordinateCoder(coordinates(header, curvature));
    }

    static CoordinateLayout coordinates(IndexHeader header, EigenbasisCurvature curvature) {
        return CoordinateLayout.of(
                EigenvalueShares.of(curvature, header.damping()), header.bytes(IndexSection.COORDINATES));
    }
}
