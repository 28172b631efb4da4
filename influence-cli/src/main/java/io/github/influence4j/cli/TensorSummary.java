package io.github.influence4j.cli;

import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import java.util.Map;

/** Goes once through a tensor. */
record TensorSummary(SafetensorsFile file, TensorSpec spec) {

    void describe(Map<String, Object> row, boolean eigenvalues, int chunk) {
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double logs = 0;
        long odd = 0;
        long zeros = 0;
        double[] values = new double[(int) Math.min(chunk, spec.elements())];
        for (long first = 0; first < spec.elements(); first += chunk) {
            int count = (int) Math.min(chunk, spec.elements() - first);
            file.read(spec.name(), first, count, values, 0);
            for (int k = 0; k < count; k++) {
                double value = values[k];
                if (!Double.isFinite(value)) {
                    odd++;
                    continue;
                }
                if (value == 0) {
                    zeros++;
                }
                least = Math.min(least, value);
                greatest = Math.max(greatest, value);
                if (value > 0) {
                    sum += value;
                    logs += value * Math.log(value);
                }
            }
        }
        if (odd < spec.elements()) {
            row.put("least", least);
            row.put("greatest", greatest);
        }
        if (eigenvalues && sum > 0) {
            // −Σ p ln p with p = λ/Σλ
            row.put("effective rank", Math.exp(Math.log(sum) - logs / sum));
            row.put("condition", least > 0 ? String.valueOf(greatest / least) : "infinite");
        }
        if (odd > 0) {
            row.put("suspicious", odd + " numbers are NaN or infinite");
        } else if (zeros == spec.elements()) {
            row.put("suspicious", spec.name().endsWith("mask") ? "everything is masked" : "all numbers are 0");
        }
    }
}
