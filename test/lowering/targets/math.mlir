// Every function of math on vectors and on scalars. Arguments are brought into the function's domain first.

func.func @unary(%a: memref<32xf32>, %o: memref<29x32xf32>) {
  scf.forall (%u) in (1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    scf.for %i = %c0 to %c16 step %c8 {
      %x = vector.load %a[%i] : memref<32xf32>, vector<8xf32>
      %eps = arith.constant dense<1.0e-3> : vector<8xf32>
      %fifth = arith.constant dense<1.9e-1> : vector<8xf32>
      %one = arith.constant dense<1.0> : vector<8xf32>
      %abs = math.absf %x : vector<8xf32>
      %positive = arith.addf %abs, %eps : vector<8xf32>
      %unit = arith.mulf %x, %fifth : vector<8xf32>
      %above = arith.addf %positive, %one : vector<8xf32>
      %y0 = math.exp %x : vector<8xf32>
      %r0 = arith.constant 0 : index
      vector.store %y0, %o[%r0, %i] : memref<29x32xf32>, vector<8xf32>
      %y1 = math.exp2 %x : vector<8xf32>
      %r1 = arith.constant 1 : index
      vector.store %y1, %o[%r1, %i] : memref<29x32xf32>, vector<8xf32>
      %y2 = math.expm1 %x : vector<8xf32>
      %r2 = arith.constant 2 : index
      vector.store %y2, %o[%r2, %i] : memref<29x32xf32>, vector<8xf32>
      %y3 = math.log %positive : vector<8xf32>
      %r3 = arith.constant 3 : index
      vector.store %y3, %o[%r3, %i] : memref<29x32xf32>, vector<8xf32>
      %y4 = math.log2 %positive : vector<8xf32>
      %r4 = arith.constant 4 : index
      vector.store %y4, %o[%r4, %i] : memref<29x32xf32>, vector<8xf32>
      %y5 = math.log10 %positive : vector<8xf32>
      %r5 = arith.constant 5 : index
      vector.store %y5, %o[%r5, %i] : memref<29x32xf32>, vector<8xf32>
      %y6 = math.log1p %positive : vector<8xf32>
      %r6 = arith.constant 6 : index
      vector.store %y6, %o[%r6, %i] : memref<29x32xf32>, vector<8xf32>
      %y7 = math.sqrt %positive : vector<8xf32>
      %r7 = arith.constant 7 : index
      vector.store %y7, %o[%r7, %i] : memref<29x32xf32>, vector<8xf32>
      %y8 = math.rsqrt %positive : vector<8xf32>
      %r8 = arith.constant 8 : index
      vector.store %y8, %o[%r8, %i] : memref<29x32xf32>, vector<8xf32>
      %y9 = math.cbrt %x : vector<8xf32>
      %r9 = arith.constant 9 : index
      vector.store %y9, %o[%r9, %i] : memref<29x32xf32>, vector<8xf32>
      %y10 = math.sin %x : vector<8xf32>
      %r10 = arith.constant 10 : index
      vector.store %y10, %o[%r10, %i] : memref<29x32xf32>, vector<8xf32>
      %y11 = math.cos %x : vector<8xf32>
      %r11 = arith.constant 11 : index
      vector.store %y11, %o[%r11, %i] : memref<29x32xf32>, vector<8xf32>
      %y12 = math.tan %x : vector<8xf32>
      %r12 = arith.constant 12 : index
      vector.store %y12, %o[%r12, %i] : memref<29x32xf32>, vector<8xf32>
      %y13 = math.asin %unit : vector<8xf32>
      %r13 = arith.constant 13 : index
      vector.store %y13, %o[%r13, %i] : memref<29x32xf32>, vector<8xf32>
      %y14 = math.acos %unit : vector<8xf32>
      %r14 = arith.constant 14 : index
      vector.store %y14, %o[%r14, %i] : memref<29x32xf32>, vector<8xf32>
      %y15 = math.atan %x : vector<8xf32>
      %r15 = arith.constant 15 : index
      vector.store %y15, %o[%r15, %i] : memref<29x32xf32>, vector<8xf32>
      %y16 = math.sinh %x : vector<8xf32>
      %r16 = arith.constant 16 : index
      vector.store %y16, %o[%r16, %i] : memref<29x32xf32>, vector<8xf32>
      %y17 = math.cosh %x : vector<8xf32>
      %r17 = arith.constant 17 : index
      vector.store %y17, %o[%r17, %i] : memref<29x32xf32>, vector<8xf32>
      %y18 = math.tanh %x : vector<8xf32>
      %r18 = arith.constant 18 : index
      vector.store %y18, %o[%r18, %i] : memref<29x32xf32>, vector<8xf32>
      %y19 = math.asinh %x : vector<8xf32>
      %r19 = arith.constant 19 : index
      vector.store %y19, %o[%r19, %i] : memref<29x32xf32>, vector<8xf32>
      %y20 = math.acosh %above : vector<8xf32>
      %r20 = arith.constant 20 : index
      vector.store %y20, %o[%r20, %i] : memref<29x32xf32>, vector<8xf32>
      %y21 = math.atanh %unit : vector<8xf32>
      %r21 = arith.constant 21 : index
      vector.store %y21, %o[%r21, %i] : memref<29x32xf32>, vector<8xf32>
      %y22 = math.erf %x : vector<8xf32>
      %r22 = arith.constant 22 : index
      vector.store %y22, %o[%r22, %i] : memref<29x32xf32>, vector<8xf32>
      %y23 = math.absf %x : vector<8xf32>
      %r23 = arith.constant 23 : index
      vector.store %y23, %o[%r23, %i] : memref<29x32xf32>, vector<8xf32>
      %y24 = math.ceil %x : vector<8xf32>
      %r24 = arith.constant 24 : index
      vector.store %y24, %o[%r24, %i] : memref<29x32xf32>, vector<8xf32>
      %y25 = math.floor %x : vector<8xf32>
      %r25 = arith.constant 25 : index
      vector.store %y25, %o[%r25, %i] : memref<29x32xf32>, vector<8xf32>
      %y26 = math.round %x : vector<8xf32>
      %r26 = arith.constant 26 : index
      vector.store %y26, %o[%r26, %i] : memref<29x32xf32>, vector<8xf32>
      %y27 = math.roundeven %x : vector<8xf32>
      %r27 = arith.constant 27 : index
      vector.store %y27, %o[%r27, %i] : memref<29x32xf32>, vector<8xf32>
      %y28 = math.trunc %x : vector<8xf32>
      %r28 = arith.constant 28 : index
      vector.store %y28, %o[%r28, %i] : memref<29x32xf32>, vector<8xf32>
    }
    scf.for %i = %c16 to %c32 step %c1 {
      %x = memref.load %a[%i] : memref<32xf32>
      %eps = arith.constant 1.0e-3 : f32
      %fifth = arith.constant 1.9e-1 : f32
      %one = arith.constant 1.0 : f32
      %abs = math.absf %x : f32
      %positive = arith.addf %abs, %eps : f32
      %unit = arith.mulf %x, %fifth : f32
      %above = arith.addf %positive, %one : f32
      %y0 = math.exp %x : f32
      %r0 = arith.constant 0 : index
      memref.store %y0, %o[%r0, %i] : memref<29x32xf32>
      %y1 = math.exp2 %x : f32
      %r1 = arith.constant 1 : index
      memref.store %y1, %o[%r1, %i] : memref<29x32xf32>
      %y2 = math.expm1 %x : f32
      %r2 = arith.constant 2 : index
      memref.store %y2, %o[%r2, %i] : memref<29x32xf32>
      %y3 = math.log %positive : f32
      %r3 = arith.constant 3 : index
      memref.store %y3, %o[%r3, %i] : memref<29x32xf32>
      %y4 = math.log2 %positive : f32
      %r4 = arith.constant 4 : index
      memref.store %y4, %o[%r4, %i] : memref<29x32xf32>
      %y5 = math.log10 %positive : f32
      %r5 = arith.constant 5 : index
      memref.store %y5, %o[%r5, %i] : memref<29x32xf32>
      %y6 = math.log1p %positive : f32
      %r6 = arith.constant 6 : index
      memref.store %y6, %o[%r6, %i] : memref<29x32xf32>
      %y7 = math.sqrt %positive : f32
      %r7 = arith.constant 7 : index
      memref.store %y7, %o[%r7, %i] : memref<29x32xf32>
      %y8 = math.rsqrt %positive : f32
      %r8 = arith.constant 8 : index
      memref.store %y8, %o[%r8, %i] : memref<29x32xf32>
      %y9 = math.cbrt %x : f32
      %r9 = arith.constant 9 : index
      memref.store %y9, %o[%r9, %i] : memref<29x32xf32>
      %y10 = math.sin %x : f32
      %r10 = arith.constant 10 : index
      memref.store %y10, %o[%r10, %i] : memref<29x32xf32>
      %y11 = math.cos %x : f32
      %r11 = arith.constant 11 : index
      memref.store %y11, %o[%r11, %i] : memref<29x32xf32>
      %y12 = math.tan %x : f32
      %r12 = arith.constant 12 : index
      memref.store %y12, %o[%r12, %i] : memref<29x32xf32>
      %y13 = math.asin %unit : f32
      %r13 = arith.constant 13 : index
      memref.store %y13, %o[%r13, %i] : memref<29x32xf32>
      %y14 = math.acos %unit : f32
      %r14 = arith.constant 14 : index
      memref.store %y14, %o[%r14, %i] : memref<29x32xf32>
      %y15 = math.atan %x : f32
      %r15 = arith.constant 15 : index
      memref.store %y15, %o[%r15, %i] : memref<29x32xf32>
      %y16 = math.sinh %x : f32
      %r16 = arith.constant 16 : index
      memref.store %y16, %o[%r16, %i] : memref<29x32xf32>
      %y17 = math.cosh %x : f32
      %r17 = arith.constant 17 : index
      memref.store %y17, %o[%r17, %i] : memref<29x32xf32>
      %y18 = math.tanh %x : f32
      %r18 = arith.constant 18 : index
      memref.store %y18, %o[%r18, %i] : memref<29x32xf32>
      %y19 = math.asinh %x : f32
      %r19 = arith.constant 19 : index
      memref.store %y19, %o[%r19, %i] : memref<29x32xf32>
      %y20 = math.acosh %above : f32
      %r20 = arith.constant 20 : index
      memref.store %y20, %o[%r20, %i] : memref<29x32xf32>
      %y21 = math.atanh %unit : f32
      %r21 = arith.constant 21 : index
      memref.store %y21, %o[%r21, %i] : memref<29x32xf32>
      %y22 = math.erf %x : f32
      %r22 = arith.constant 22 : index
      memref.store %y22, %o[%r22, %i] : memref<29x32xf32>
      %y23 = math.absf %x : f32
      %r23 = arith.constant 23 : index
      memref.store %y23, %o[%r23, %i] : memref<29x32xf32>
      %y24 = math.ceil %x : f32
      %r24 = arith.constant 24 : index
      memref.store %y24, %o[%r24, %i] : memref<29x32xf32>
      %y25 = math.floor %x : f32
      %r25 = arith.constant 25 : index
      memref.store %y25, %o[%r25, %i] : memref<29x32xf32>
      %y26 = math.round %x : f32
      %r26 = arith.constant 26 : index
      memref.store %y26, %o[%r26, %i] : memref<29x32xf32>
      %y27 = math.roundeven %x : f32
      %r27 = arith.constant 27 : index
      memref.store %y27, %o[%r27, %i] : memref<29x32xf32>
      %y28 = math.trunc %x : f32
      %r28 = arith.constant 28 : index
      memref.store %y28, %o[%r28, %i] : memref<29x32xf32>
    }
  }
  return
}

func.func @binary(%a: memref<32xf32>, %b: memref<32xf32>, %n: memref<32xi32>, %o: memref<6x32xf32>) {
  scf.forall (%u) in (1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    scf.for %i = %c0 to %c32 step %c8 {
      %x = vector.load %a[%i] : memref<32xf32>, vector<8xf32>
      %y = vector.load %b[%i] : memref<32xf32>, vector<8xf32>
      %w = vector.load %n[%i] : memref<32xi32>, vector<8xi32>
      %three = arith.constant dense<3> : vector<8xi32>
      %k = arith.andi %w, %three : vector<8xi32>
      %p = math.absf %x : vector<8xf32>
      %quarter = arith.constant dense<0.25> : vector<8xf32>
      %e = arith.mulf %y, %quarter : vector<8xf32>
      %0 = math.powf %p, %e : vector<8xf32>
      %1 = math.atan2 %x, %y : vector<8xf32>
      %2 = math.copysign %x, %y : vector<8xf32>
      %3 = math.fma %x, %y, %p : vector<8xf32>
      %4 = math.fpowi %x, %k : vector<8xf32>, vector<8xi32>
      %5 = arith.remf %x, %y : vector<8xf32>
      vector.store %0, %o[%c0, %i] : memref<6x32xf32>, vector<8xf32>
      vector.store %1, %o[%c1, %i] : memref<6x32xf32>, vector<8xf32>
      vector.store %2, %o[%c2, %i] : memref<6x32xf32>, vector<8xf32>
      vector.store %3, %o[%c3, %i] : memref<6x32xf32>, vector<8xf32>
      vector.store %4, %o[%c4, %i] : memref<6x32xf32>, vector<8xf32>
      vector.store %5, %o[%c5, %i] : memref<6x32xf32>, vector<8xf32>
    }
  }
  return
}
